/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "fs/attr.h"
#include "fs/kernel.h"
#include "fs/linkbreak.h"

/* What of the caller's flags is for the private file.  O_APPEND is not: the
 * kernel says the offset of each write.  Nor O_DIRECT: the daemon's buffers
 * are not aligned for it. */
#define KEPT_FLAGS (O_ACCMODE | O_TRUNC | O_NOATIME)

int file_new(struct fs *fs, struct node *n, int fd, bool writable,
	     unsigned epoch, uint64_t *ret_fh)
{
	struct file *f = malloc(sizeof(*f));
	int r;

	if (!f)
		return -ENOMEM;
	f->fd = fd;
	f->writable = writable;
	atomic_init(&f->epoch, epoch);
	r = slots_add(fs->files, f, ret_fh);
	if (r) {
		free(f);
		return r;
	}
	pthread_mutex_init(&f->lock, NULL);
	f->node = node_ref(n);
	return 0;
}

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
	close(f->fd);
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
		r = open_upper(fs, n, flags);
	linkbreak_end(n);
	return r;
}

int file_open(struct fs *fs, struct node *n, int flags, uint64_t *ret_fh)
{
	bool writable = (flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC;
	unsigned epoch = 0;
	int fd, r;

	if (!S_ISREG(n->type))
		return -ENXIO;
	fd = writable ? open_to_write(fs, n, flags) :
			node_open_data(fs, n, &epoch);
	if (fd < 0)
		return fd;
	r = file_new(fs, n, fd, writable, epoch, ret_fh);
	if (r)
		close(fd);
	else
		atomic_fetch_add(&fs->counters.opens, 1);
	return r;
}
