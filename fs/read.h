/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hot path: open, read, release, and what else only reads (lseek).
 *
 * Thread safety: all functions.
 */
#ifndef STENCIL_FS_READ_H
#define STENCIL_FS_READ_H

#include <fuse_lowlevel.h>

void read_open_op(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void read_read_op(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		  struct fuse_file_info *fi);
void read_lseek_op(fuse_req_t req, fuse_ino_t ino, off_t off, int whence,
		   struct fuse_file_info *fi);
void read_release_op(fuse_req_t req, fuse_ino_t ino,
		     struct fuse_file_info *fi);

#endif
