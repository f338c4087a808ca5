/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listings of merged directories.
 *
 * A listing is stateless for the kernel: entries are ordered by a hash of
 * their names and the offset is that hash, so any offset means the same after
 * changes, after a new listing and to a successor process; there is no handle
 * (the kernel is told to send no OPENDIR, and keeps listings itself).
 *
 * Thread safety: all functions; dir_changed() wants the names lock for
 * writing.  Errors: negative errno.
 */
#ifndef STENCIL_FS_DIR_H
#define STENCIL_FS_DIR_H

#include <fuse_lowlevel.h>

#include "fs/node.h"

/* Forgets the built listing: names came or went. */
void dir_changed(struct node *dir);
/* The same for a node that is being freed. */
void dir_drop_listing(struct node *dir);

/* 1 if the container sees nothing in it, 0, or -errno. */
int dir_is_empty(struct fs *fs, struct node *dir);

void dir_opendir_op(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void dir_readdir_op(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi);
void dir_readdirplus_op(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			struct fuse_file_info *fi);
void dir_fsyncdir_op(fuse_req_t req, fuse_ino_t ino, int datasync,
		     struct fuse_file_info *fi);

#endif
