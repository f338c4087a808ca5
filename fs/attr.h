/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes: getattr, setattr, readlink, statfs, access by the kernel.
 *
 * Thread safety: all functions.  Errors: negative errno.
 */
#ifndef STENCIL_FS_ATTR_H
#define STENCIL_FS_ATTR_H

#include <fuse_lowlevel.h>

#include "fs/node.h"

/* What stat(2) is to show. */
int attr_get(struct fs *fs, struct node *n, struct stat *ret);

/* Clears S_ISUID, and S_ISGID with group execute, as a write by somebody
 * without CAP_FSETID does.  The node is private and busy. */
int attr_drop_suid(struct fs *fs, struct node *n);

/* Clears S_ISGID, as setting an ACL by a stranger to the group does. */
int attr_drop_sgid(struct fs *fs, struct node *n);

void attr_getattr_op(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void attr_setattr_op(fuse_req_t req, fuse_ino_t ino, struct stat *attr,
		     int to_set, struct fuse_file_info *fi);
void attr_readlink_op(fuse_req_t req, fuse_ino_t ino);
void attr_statfs_op(fuse_req_t req, fuse_ino_t ino);

#endif
