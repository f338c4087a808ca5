/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/write.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>

#include "base/cleanup.h"
#include "fs/attr.h"
#include "fs/caller.h"
#include "fs/caps.h"
#include "fs/file.h"
#include "fs/kernel.h"
#include "fs/lookup.h"
#include "fs/names.h"
#include "fs/reply.h"

void write_create_op(fuse_req_t req, fuse_ino_t parent, const char *name,
		     mode_t mode, struct fuse_file_info *fi)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(req);
	struct fs *fs = reply_fs(req);
	struct names_make m = {
		.fs = fs,
		.dir = node_get(fs, parent),
		.name = strcmp(name, KERNEL_TMPFILE_NAME) ? name : NULL,
		.mode = S_IFREG | (mode & 07777),
		.uid = ctx->uid,
		.gid = ctx->gid,
		.umask = ctx->umask,
	};
	_cleanup_fd int fd = -1;
	struct fuse_entry_param e;
	struct stat attr;
	struct node *n = NULL;
	int r = -ESTALE;

	if (m.dir && node_is_dir(m.dir))
		r = names_make(&m, &n, &attr, &fd);
	if (!r)
		r = file_create(fs, n, fd, fi);
	if (r) {
		if (n)
			node_put(fs, n, 1);
		reply_status(req, r);
		return;
	}
	(void)take_fd(&fd);
	lookup_entry(fs, n, &attr, &e);
	/* A file without a byte cannot be changed through a mapping, and what
	 * gives it one makes the kernel ask again: so unlike others that may be
	 * mapped (fs/io.h) it needs no GETATTR, which open(2) itself waits for. */
	e.attr_timeout = LOOKUP_TIMEOUT;
	if (fuse_reply_create(req, &e, fi) == -ENOENT) {
		file_release(fs, fi->fh);
		node_put(fs, n, 1);
	}
}

static int drop_suid(struct fs *fs, struct node *n)
{
	int r;

	pthread_mutex_lock(&n->busy);
	r = attr_drop_suid(fs, n);
	pthread_mutex_unlock(&n->busy);
	return r;
}

/* For the operations where the kernel does not say who writes. */
static int drop_suid_of_stranger(struct fs *fs, struct file *f,
				 const struct fuse_ctx *ctx)
{
	struct stat st;

	if (fstat(f->fd, &st))
		return -errno;
	if (!(st.st_mode & (S_ISUID | S_ISGID)) ||
	    caller_has_cap(ctx->pid, CAP_FSETID))
		return 0;
	return drop_suid(fs, f->node);
}

static int write_all(int fd, const char *buf, size_t size, off_t off,
		     size_t *done)
{
	ssize_t n;

	while (*done < size) {
		n = pwrite(fd, buf + *done, size - *done, off + (off_t)*done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		*done += (size_t)n;
	}
	return 0;
}

/* Pages of a mapping that the kernel writes back: nobody calls write(2). */
static int write_back(int fd, const char *buf, size_t size, off_t off,
		      size_t *done)
{
	struct caps_saved caps;
	int r = caps_save(fd, &caps), r2;

	if (r)
		return r;
	r = write_all(fd, buf, size, off, done);
	r2 = caps_restore(fd, &caps);
	return r ? r : r2;
}

void write_write_op(fuse_req_t req, fuse_ino_t ino, const char *buf,
		    size_t size, off_t off, struct fuse_file_info *fi)
{
	struct fs *fs = reply_fs(req);
	struct file *f = file_get(fs, fi->fh);
	size_t done = 0;
	int r = f ? 0 : -EBADF;

	if (!r && kernel_request()->kill_suidgid)
		r = drop_suid(fs, f->node);
	if (!r)
		r = fi->writepage ? write_back(f->fd, buf, size, off, &done) :
				    write_all(f->fd, buf, size, off, &done);
	/* What was written before an error counts: the next write says it. */
	if (r && !done) {
		reply_status(req, r);
		return;
	}
	fuse_reply_write(req, done);
}

static int sync_fd(int fd, bool datasync)
{
	return (datasync ? fdatasync(fd) : fsync(fd)) ? -errno : 0;
}

static int sync_file(struct fs *fs, struct file *f, bool datasync)
{
	_cleanup_fd int fd = -1;
	unsigned flags = node_flags(f->node);
	int r = file_refresh(fs, f);

	if (r || fs->is_volatile || !(flags & NODE_UPPER))
		return r;
	if (!(flags & NODE_METACOPY) && f->io->mode != IO_SHARED)
		return sync_fd(f->fd, datasync);
	/* The handle is on the shared data; what is private is elsewhere. */
	fd = node_open_upper(fs, f->node, O_RDONLY);
	return fd < 0 ? fd : sync_fd(fd, datasync);
}

void write_fsync_op(fuse_req_t req, fuse_ino_t ino, int datasync,
		    struct fuse_file_info *fi)
{
	struct fs *fs = reply_fs(req);
	struct file *f = file_get(fs, fi->fh);

	reply_status(req, f ? sync_file(fs, f, datasync) : -EBADF);
}

void write_fallocate_op(fuse_req_t req, fuse_ino_t ino, int mode, off_t offset,
			off_t length, struct fuse_file_info *fi)
{
	struct fs *fs = reply_fs(req);
	struct file *f = file_get(fs, fi->fh);
	int r = -EBADF;

	if (f && f->want.write)
		r = drop_suid_of_stranger(fs, f, fuse_req_ctx(req));
	if (!r && fallocate(f->fd, mode, offset, length))
		r = -errno;
	reply_status(req, r);
}

void write_copy_op(fuse_req_t req, fuse_ino_t ino_in, off_t off_in,
		   struct fuse_file_info *fi_in, fuse_ino_t ino_out,
		   off_t off_out, struct fuse_file_info *fi_out, size_t len,
		   int flags)
{
	struct fs *fs = reply_fs(req);
	struct file *in = file_get(fs, fi_in->fh);
	struct file *out = file_get(fs, fi_out->fh);
	ssize_t n = 0;
	int r = in && out && out->want.write ? file_refresh(fs, in) : -EBADF;

	if (!r)
		r = drop_suid_of_stranger(fs, out, fuse_req_ctx(req));
	if (!r) {
		n = copy_file_range(in->fd, &off_in, out->fd, &off_out, len,
				    (unsigned)flags);
		r = n < 0 ? -errno : 0;
	}
	if (r)
		reply_status(req, r);
	else
		fuse_reply_write(req, (size_t)n);
}
