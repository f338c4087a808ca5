/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owner, mode, attributes and times of what lies in a staged tree.
 *
 * Thread safety: no state.  Ownership: nothing is kept.  Errors: negative
 * errno; *ret_what, if set, names the attribute that failed (static or the
 * entry's).
 */
#ifndef STENCIL_MKIMAGE_META_H
#define STENCIL_MKIMAGE_META_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/digest.h"

struct manifest_entry;

/*
 * Sets them on `name` in the directory, or on what dirfd is when name is NULL;
 * a regular file also gets its SHA-1.  It was made by this process, with
 * meta_made_mode(): what is right already is not set again.
 */
int meta_apply(int dirfd, const char *name, const struct manifest_entry *e,
	       const char **ret_what);

/* The mode to make it with: without set-id bits, which a change of the owner
 * would take away; a directory for us alone, until it is complete. */
mode_t meta_made_mode(const struct manifest_entry *e);

/* trusted.stencil.links on the file fd: the group has n names, whose sorted
 * paths, each with a NUL behind, have this digest. */
int meta_set_links(int fd, uint32_t n, const struct sha256 *paths);

/* What trusted.stencil.sha1 of `name` (of dirfd itself when NULL) says, or
 * -ENODATA, -EBADMSG. */
int meta_get_sha1(int dirfd, const char *name, struct sha1 *ret);

/* The value of trusted.stencil.links for such a group, and what `name` has. */
#define META_LINKS_MAX 40
void meta_links_value(uint32_t n, const struct sha256 *paths,
		      char out[static META_LINKS_MAX]);
int meta_get_links(int dirfd, const char *name,
		   char out[static META_LINKS_MAX]);

/* Owner, mode, mtime, size and all attributes of two open files agree: 1,
 * 0 or -errno. */
int meta_equal(int a, int b);

/* The same, of an open file and an entry for which a file is wanted, with its
 * SHA-1 and alone in its hard-link group; what stat(2) tells was compared. */
int meta_equal_xattrs(int fd, const struct manifest_entry *e);

/* Makes the new file `to` have all that meta_equal() compares, of `from`. */
int meta_copy(int from, int to);

#endif
