/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who uses a version's tree but containers, whose records catalog.h reads:
 * mounts of all mount namespaces that this process may look at (overlayfs with
 * the tree, or a part of it, as a lower directory; bind mounts; stencilfs), and
 * processes whose root or working directory lies in it.
 *
 * What cannot be looked at is passed over: kernel threads, processes that end,
 * without privilege the processes of others.  A mount that is made while this
 * looks is not seen.
 *
 * Thread safety: no state.  Ownership: the list is freed with
 * store_strv_free().  Errors: negative errno.
 */
#ifndef STENCIL_MKIMAGE_USERS_H
#define STENCIL_MKIMAGE_USERS_H

/* One text each, as "the mount /mnt", "process 77 (bash)"; NULL-terminated. */
int users_find(int storefd, const char *name, const char *version,
	       char ***ret);

#endif
