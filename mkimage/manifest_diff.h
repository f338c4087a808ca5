/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What differs between two manifests, in one pass over both.
 *
 * Hard links are compared as links between paths that both have: that a group
 * has lost or won a name says the name's own line.
 *
 * Thread safety: no state.  Ownership: nothing is kept.  Errors: negative
 * errno; -EBADMSG for a damaged manifest.
 */
#ifndef STENCIL_MKIMAGE_MANIFEST_DIFF_H
#define STENCIL_MKIMAGE_MANIFEST_DIFF_H

#include <stdio.h>

enum manifest_change {
	CHANGE_TYPE = 1,    /* then nothing else is compared */
	CHANGE_CONTENT = 2, /* data, a link's target, a device's number */
	CHANGE_MODE = 4,
	CHANGE_OWNER = 8,
	CHANGE_TIME = 16,
	CHANGE_XATTRS = 32,
	CHANGE_LINKS = 64, /* is, or is no longer, one file with a path before
			      it that both have */
};

/* Called in the order of paths; `kind` is A, D or C, `what` 0 for A and D. */
typedef int (*manifest_diff_fn)(void *arg, char kind, const char *path,
				unsigned int what);

/* Where a manifest could not be read: 0 or 1, and the line. */
struct manifest_diff_error {
	int side;
	unsigned long line;
};

int manifest_diff(FILE *a, FILE *b, manifest_diff_fn fn, void *arg,
		  struct manifest_diff_error *ret_where);

#endif
