/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a path of a source leads in the tree under construction.  Links are
 * followed in memory and never by the kernel: as chroot(2) would have it,
 * inside the template, and only those that a lower layer made.  What one layer
 * (or a source without layers) makes and then names a path through is an
 * attack or a mistake, and refused.
 *
 * Thread safety: one thread.  Ownership: resolve_release() frees.  Errors:
 * negative errno, not logged; *ret is filled in as its comments say, also then.
 */
#ifndef STENCIL_MKIMAGE_RESOLVE_H
#define STENCIL_MKIMAGE_RESOLVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "mkimage/tree.h"


struct resolved {
	/* The deepest node that exists; the step that is to blame, after
	 * -ENOTDIR and -ELOOP. */
	tree_node at;
	/* The directories that are missing below it, `len` bytes without a
	 * slash at the ends; "" if it is the directory itself. */
	const char *missing;
	size_t len;
	struct bytes buf; /* where `missing` lies, if a link was followed */
};

/*
 * Resolves a directory, by the `len` first bytes of an absolute, normalised
 * path (0: the root), for layer number `layer`.  -ENOTDIR at a step that is no
 * directory and no link to follow, -ELOOP beyond 40 links, -ENOENT where a
 * link leads to and back out of what does not exist, -ENAMETOOLONG where
 * links make a path with PATH_MAX bytes or more, for `room` bytes below it.
 */
int resolve_dir(const struct tree *t, const char *path, size_t len,
		size_t room, uint32_t layer, struct resolved *ret);

void resolve_release(struct resolved *r);
#define _cleanup_resolved __attribute__((cleanup(resolve_release)))

#endif
