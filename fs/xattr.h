/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended attributes as a container sees them: the layers' own marks are
 * invisible, names that would be marks are kept under an escape (fs/marks.h).
 *
 * Thread safety: all functions.
 */
#ifndef STENCIL_FS_XATTR_H
#define STENCIL_FS_XATTR_H

#include <fuse_lowlevel.h>

void xattr_get_op(fuse_req_t req, fuse_ino_t ino, const char *name,
		  size_t size);
void xattr_list_op(fuse_req_t req, fuse_ino_t ino, size_t size);
void xattr_set_op(fuse_req_t req, fuse_ino_t ino, const char *name,
		  const char *value, size_t size, int flags);
void xattr_remove_op(fuse_req_t req, fuse_ino_t ino, const char *name);

#endif
