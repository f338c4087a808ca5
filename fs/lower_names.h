/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names in one directory of a layer that has no index (lowerdir=), as
 * hashes: in a stack of 40 layers a name is asked for where it may be, and not
 * 40 times where it is not.  Collected when a name is first missed in the
 * directory; a layer must not change while it is mounted, as overlayfs has it.
 *
 * Thread safety: what was collected does not change.  Ownership: it belongs to
 * the struct lower, whose end frees it.  Errors: negative errno.
 */
#ifndef STENCIL_FS_LOWER_NAMES_H
#define STENCIL_FS_LOWER_NAMES_H

#include "fs/layers.h"

struct lower_names {
	bool aufs;	/* .wh. names are among them */
	bool unknown;	/* too many to note */
	size_t n;
	uint32_t hashes[]; /* ascending */
};

/* Reads the directory unless it was read. */
int lower_names_get(struct fs *fs, struct lower *dir,
		    const struct lower_names **ret);

/* false: the directory does not have the name.  Without a collection, or with
 * a hash that two names share, true means nothing. */
bool lower_names_may_have(const struct lower_names *l, const char *name);

#endif
