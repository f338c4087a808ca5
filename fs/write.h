/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What changes or settles content: create, write, fsync, fallocate,
 * copy_file_range, and the inode flags of ioctl(2).
 *
 * Thread safety: all functions.
 */
#ifndef STENCIL_FS_WRITE_H
#define STENCIL_FS_WRITE_H

#include <fuse_lowlevel.h>

void write_create_op(fuse_req_t req, fuse_ino_t parent, const char *name,
		     mode_t mode, struct fuse_file_info *fi);
void write_write_op(fuse_req_t req, fuse_ino_t ino, const char *buf,
		    size_t size, off_t off, struct fuse_file_info *fi);
void write_fsync_op(fuse_req_t req, fuse_ino_t ino, int datasync,
		    struct fuse_file_info *fi);
void write_fallocate_op(fuse_req_t req, fuse_ino_t ino, int mode, off_t offset,
			off_t length, struct fuse_file_info *fi);
void write_copy_op(fuse_req_t req, fuse_ino_t ino_in, off_t off_in,
		   struct fuse_file_info *fi_in, fuse_ino_t ino_out,
		   off_t off_out, struct fuse_file_info *fi_out, size_t len,
		   int flags);
void write_ioctl_op(fuse_req_t req, fuse_ino_t ino, unsigned int cmd,
		    void *arg, struct fuse_file_info *fi, unsigned flags,
		    const void *in_buf, size_t in_bufsz, size_t out_bufsz);

#endif
