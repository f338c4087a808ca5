/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/read.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "fs/file.h"
#include "fs/reply.h"

void read_open_op(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *fs = reply_fs(req);
	struct node *n = node_get(fs, ino);
	int r = n ? file_open(fs, n, ino, fi) : -ESTALE;

	if (r) {
		reply_status(req, r);
		return;
	}
	if (fuse_reply_open(req, fi) == -ENOENT)
		file_release(fs, fi->fh);
}

void read_read_op(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		  struct fuse_file_info *fi)
{
	/* Not fuse_reply_data(): its aligned buffer comes from mmap(2), and is
	 * faulted in anew, for each large read. */
	_cleanup_free char *buf = malloc(size);
	struct fs *fs = reply_fs(req);
	struct file *f = file_get(fs, fi->fh);
	int r = f ? file_refresh(fs, f) : -EBADF;
	ssize_t n = 0;

	if (!r && !buf)
		r = -ENOMEM;
	if (!r) {
		n = pread(f->fd, buf, size, off);
		r = n < 0 ? -errno : 0;
	}
	if (r) {
		reply_status(req, r);
		return;
	}
	fuse_reply_buf(req, buf, (size_t)n);
}

void read_lseek_op(fuse_req_t req, fuse_ino_t ino, off_t off, int whence,
		   struct fuse_file_info *fi)
{
	struct fs *fs = reply_fs(req);
	struct file *f = file_get(fs, fi->fh);
	int r = f ? file_refresh(fs, f) : -EBADF;

	if (!r) {
		off = lseek(f->fd, off, whence);
		r = off < 0 ? -errno : 0;
	}
	if (r)
		reply_status(req, r);
	else
		fuse_reply_lseek(req, off);
}

void read_release_op(fuse_req_t req, fuse_ino_t ino,
		     struct fuse_file_info *fi)
{
	file_release(reply_fs(req), fi->fh);
	reply_status(req, 0);
}
