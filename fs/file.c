/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "fs/attr.h"
#include "fs/kernel.h"
#include "fs/linkbreak.h"

/* What of the caller's flags is for the private file.  O_APPEND is not: the
 * kernel says the offset of each write.  Nor O_DIRECT: the daemon's buffers
 * are not aligned for it. */
#define KEPT_FLAGS (O_ACCMODE | O_TRUNC | O_NOATIME)

struct file *file_get(struct fs *fs, uint64_t fh)
{
	return slots_get(fs->files, fh);
}

void file_release(struct fs *fs, uint64_t fh)
{
	struct file *f = file_get(fs, fh);

	if (!f)
		return;
	slots_remove(fs->files, fh);
	if (f->owns_fd)
		close(f->fd);
	io_leave(fs, f->node, &f->want, f->io);
	pthread_mutex_destroy(&f->lock);
	node_put(fs, f->node, 1);
	free(f);
}

int file_refresh_slow(struct fs *fs, struct file *f)
{
	unsigned epoch;
	int fd, r = 0;

	pthread_mutex_lock(&f->lock);
	if (atomic_load(&f->node->epoch) != atomic_load(&f->epoch)) {
		fd = node_open_data(fs, f->node, &epoch);
		if (fd < 0) {
			r = fd;
		} else {
			if (dup3(fd, f->fd, O_CLOEXEC) < 0)
				r = -errno;
			else
				atomic_store(&f->epoch, epoch);
			close(fd);
		}
	}
	pthread_mutex_unlock(&f->lock);
	return r;
}

/* An append-only file can be opened in no other way. */
static int open_upper(struct fs *fs, struct node *n, int flags)
{
	int fd = node_open_upper(fs, n, flags & KEPT_FLAGS);

	if (fd == -EPERM && (flags & O_APPEND))
		fd = node_open_upper(fs, n, (flags & KEPT_FLAGS) | O_APPEND);
	if (fd == -EPERM && (flags & O_NOATIME))
		fd = node_open_upper(fs, n, flags & KEPT_FLAGS & ~O_NOATIME);
	return fd;
}

static int open_to_write(struct fs *fs, struct node *n, int flags)
{
	int64_t keep = flags & O_TRUNC ? 0 : BREAK_KEEP_ALL;
	int r = linkbreak_begin(fs, n);

	if (r)
		return r;
	r = linkbreak_locked(fs, n, NULL, NULL, BREAK_DATA, keep);
	if (!r && kernel_request()->kill_suidgid)
		r = attr_drop_suid(fs, n);
	if (!r)
		r = io_part(fs, n);
	/* The node goes on by another id, which a look-up will tell. */
	if (r > 0)
		r = -ESTALE;
	if (!r)
		r = open_upper(fs, n, flags);
	linkbreak_end(n);
	return r;
}

/* Would the file below take O_DIRECT?  Without it the kernel's open of it
 * would fail with an error that means something else. */
static int check_direct(int fd)
{
	char path[FILEIO_PROC_PATH];
	int probe;

	fileio_proc_path(path, fd, NULL);
	probe = open(path, O_RDONLY | O_DIRECT | O_NONBLOCK | O_CLOEXEC);
	if (probe < 0)
		return errno == EINVAL ? -EINVAL : 0;
	close(probe);
	return 0;
}

/* What the kernel is told of the file. */
static void fill_reply(struct fs *fs, struct file *f, struct fuse_file_info *fi)
{
	struct counters *c = &fs->counters;

	/* Of what close(2) could wait for, there is nothing: neither pages that
	 * were changed nor, for there is no flush handler, our answer. */
	fi->noflush = f->io->mode != IO_CACHED || !f->want.write;
	if (f->io->mode == IO_CACHED) {
		fi->keep_cache = f->io->keep;
		counters_add(&c->opens_cached, 1);
		return;
	}
	counters_add(&c->opens_passthrough, 1);
	passthrough_reply(fi, f->io->backing);
}

/* Counts the file on the way that the kernel has, or is to have, for the
 * node.  fd as in io_start(). */
static int begin_io(struct fs *fs, struct node *n, const struct io_want *w,
		    int fd, struct io **ret)
{
	bool mapped = atomic_load(&n->mapped);
	int r = io_join(fs, n, w, ret);

	if (!r && !*ret)
		r = io_start(fs, n, w, fd, ret);
	/* What it keeps was to be kept for long. */
	if (!r && w->map && !mapped && atomic_load(&n->mapped))
		io_forget_attr(fs, w->ino);
	return r;
}

/* Makes the handle; owns fd (or -1) and the count of `io` on success. */
static int new_file(struct fs *fs, struct node *n, const struct io_want *w,
		    struct io *io, int fd, unsigned epoch,
		    struct fuse_file_info *fi)
{
	struct file *f = malloc(sizeof(*f));
	int r = 0;

	if (!f)
		return -ENOMEM;
	f->owns_fd = fd >= 0;
	f->fd = fd >= 0 ? fd : io->fd;
	f->io = io;
	f->want = *w;
	atomic_init(&f->epoch, epoch);
	if (io->mode != IO_CACHED && fi->flags & O_DIRECT)
		r = check_direct(f->fd);
	if (!r)
		r = slots_add(fs->files, f, &fi->fh);
	if (r) {
		free(f);
		return r;
	}
	pthread_mutex_init(&f->lock, NULL);
	f->node = node_ref(n);
	fill_reply(fs, f, fi);
	return 0;
}

static int open_for_reading(struct fs *fs, struct node *n,
			    const struct io_want *w, struct fuse_file_info *fi)
{
	struct io *io = NULL;
	unsigned epoch = 0;
	int fd, r;

	do {
		fd = -1;
		r = begin_io(fs, n, w, -1, &io);
		if (!r && io->mode == IO_SHARED)
			break;
		if (r && r != -ENOENT)
			continue;
		fd = node_open_data(fs, n, &epoch);
		if (fd < 0 && !r)
			io_leave(fs, n, w, io);
		if (fd < 0)
			return fd;
		if (r)
			r = begin_io(fs, n, w, fd, &io);
		if (r)
			close(fd);
		/* Another came first with the template's. */
		else if (io->mode == IO_SHARED)
			close(fd), fd = -1;
	} while (r == -EAGAIN || r == -ENOENT);
	if (r)
		return r;
	r = new_file(fs, n, w, io, fd, epoch, fi);
	if (!r)
		return 0;
	io_leave(fs, n, w, io);
	if (fd >= 0)
		close(fd);
	return r;
}

/* Owns fd on success. */
static int open_with_fd(struct fs *fs, struct node *n, const struct io_want *w,
			int fd, struct fuse_file_info *fi)
{
	struct io *io;
	int r;

	do
		r = begin_io(fs, n, w, fd, &io);
	while (r == -EAGAIN);
	if (r)
		return r;
	r = new_file(fs, n, w, io, fd, 0, fi);
	if (r)
		io_leave(fs, n, w, io);
	return r;
}

int file_open(struct fs *fs, struct node *n, fuse_ino_t ino,
	      struct fuse_file_info *fi)
{
	const int mode = fi->flags & O_ACCMODE;
	struct io_want w = {
		.ino = ino,
		.write = mode != O_RDONLY || fi->flags & O_TRUNC,
		.map = mode == O_RDWR,
	};
	int fd, r = -ESTALE;

	if (!S_ISREG(n->type))
		return -ENXIO;
	if (!io_is_old(n, ino) && !w.write) {
		r = open_for_reading(fs, n, &w, fi);
	} else if (!io_is_old(n, ino)) {
		r = fd = open_to_write(fs, n, fi->flags);
		if (fd >= 0)
			r = open_with_fd(fs, n, &w, fd, fi);
		if (r && fd >= 0)
			close(fd);
	}
	if (r == -ESTALE)
		counters_add(&fs->counters.opens_stale, 1);
	return r;
}

int file_create(struct fs *fs, struct node *n, int fd,
		struct fuse_file_info *fi)
{
	struct io_want w = {
		.ino = atomic_load(&n->id),
		.write = true,
		.map = (fi->flags & O_ACCMODE) == O_RDWR,
	};

	return open_with_fd(fs, n, &w, fd, fi);
}
