/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/fill.h"

#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "fs/caps.h"
#include "fs/fault.h"
#include "fs/marks.h"

struct fill {
	int src, fd;
	struct stat st;		/* the inode's attributes before */
	struct caps_saved caps; /* and its capabilities */
	off_t size;
	bool shorter;		/* the caller wants less than there was */
};

/* Writing drops capabilities and moves the times: a break must not. */
static int fill_restore(const struct fill *f, const struct stat *st)
{
	struct timespec ts[2] = { st->st_atim, st->st_mtim };
	int r = caps_restore(f->fd, &f->caps);

	return r ? r : futimens(f->fd, ts) ? -errno : 0;
}

/*
 * A truncation changes size and time in one step, before the data comes: from
 * then on the path shows all of the caller's change.
 */
static int fill_truncate(struct fill *f)
{
	int r = FAULT_STEP("fill-truncate", ftruncate(f->fd, f->size) ?
					    -errno : 0);

	/* It ends capabilities for good. */
	if (!r)
		f->caps.len = -1;
	return r;
}

static int fill_data(struct fs *fs, struct fill *f)
{
	struct stat now;
	off_t bytes = 0;
	int r = f->shorter ? fill_truncate(f) : 0;

	if (r)
		return r;
	if (fstat(f->fd, &now))
		return -errno;
	r = FAULT_STEP("copy", fileio_copy_data(f->src, f->fd, f->size,
						&bytes));
	if (r < 0)
		return r;
	atomic_fetch_add(&fs->counters.bytes_copied, (unsigned long)bytes);
	if (r == FILEIO_REFLINKED)
		atomic_fetch_add(&fs->counters.bytes_reflinked,
				 (unsigned long)f->size);
	r = fill_restore(f, &now);
	if (r)
		return r;
	if (!fs->is_volatile && fsync(f->fd))
		return -errno;
	return FAULT_STEP("fill", marks_remove(fs, f->fd, NULL,
					       LAYER_METACOPY));
}

/* The caller's change fails: the file must be as it was. */
static int fill_undo(struct fill *f, const struct caps_saved *caps)
{
	f->caps = *caps;
	if (f->shorter && ftruncate(f->fd, f->st.st_size))
		return -errno;
	return fill_restore(f, &f->st);
}

int fill_in_place(struct fs *fs, struct node *n, int64_t keep)
{
	_cleanup_place struct place p = PLACE_INIT;
	_cleanup_fd int src = -1, fd = -1;
	struct caps_saved caps;
	struct stat below;
	struct fill f;
	int r;

	r = fd = node_open_upper(fs, n, O_RDWR);
	if (r >= 0)
		r = lower_place(fs, n->data, &p);
	if (!r)
		r = src = place_open_shared(&p);
	if (r >= 0)
		r = caps_save(fd, &caps);
	if (r < 0)
		return r;
	f = (struct fill){ .src = src, .fd = fd, .caps = caps };
	if (fstat(fd, &f.st) || fstat(src, &below))
		return -errno;
	f.shorter = keep < f.st.st_size;
	f.size = f.shorter ? keep : f.st.st_size;
	if (below.st_size < f.size)
		f.size = below.st_size;
	r = fill_data(fs, &f);
	if (r) {
		/* The first error is the one to tell. */
		(void)fill_undo(&f, &caps);
		return r;
	}
	node_set_upper(fs, n, f.st.st_ino, 0, NODE_METACOPY);
	atomic_fetch_add(&n->epoch, 1);
	/* Without the other mark it says nothing: it may stay. */
	(void)FAULT_STEP("fill-redirect", marks_remove(fs, fd, NULL,
						       LAYER_REDIRECT));
	return 0;
}
