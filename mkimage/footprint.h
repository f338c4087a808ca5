/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a version's files is its own, and what other templates have too.
 *
 * Thread safety: no state.  Errors: negative errno; -EBADMSG for a damaged
 * manifest, -ESTALE for a tree that is not as the manifest says.
 */
#ifndef STENCIL_MKIMAGE_FOOTPRINT_H
#define STENCIL_MKIMAGE_FOOTPRINT_H

#include <stdint.h>

struct footprint {
	uint64_t own, shared; /* sizes of the files: together all of them */
	uint64_t frees;	      /* on disk, by a removal: blocks of the own ones */
};

int footprint_get(int storefd, const char *name, const char *version,
		  struct footprint *ret);

#endif
