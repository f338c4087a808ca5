/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "fs/attr.h"
#include "fs/listing.h"
#include "fs/io.h"
#include "fs/lookup.h"
#include "fs/reply.h"

static struct listing *swap_listing(struct node *dir, struct listing *l)
{
	struct listing *old;

	pthread_mutex_lock(&dir->lock);
	old = dir->dir->listing;
	dir->dir->listing = l;
	pthread_mutex_unlock(&dir->lock);
	return old;
}

void dir_changed(struct node *dir)
{
	listing_put(swap_listing(dir, NULL));
}

void dir_drop_listing(struct node *dir)
{
	listing_put(dir->dir->listing);
	dir->dir->listing = NULL;
}

/* The listing, built if need be; the names lock is held for reading. */
static int get_listing(struct fs *fs, struct node *dir, struct listing **ret)
{
	struct listing *l;
	int r;

	pthread_mutex_lock(&dir->lock);
	l = dir->dir->listing ? listing_get(dir->dir->listing) : NULL;
	pthread_mutex_unlock(&dir->lock);
	if (!l) {
		r = listing_build(fs, dir, &l);
		if (r)
			return r;
		listing_put(swap_listing(dir, listing_get(l)));
	}
	*ret = l;
	return 0;
}

int dir_is_empty(struct fs *fs, struct node *dir)
{
	struct listing *l;
	int r;

	pthread_rwlock_rdlock(&dir->dir->names);
	r = get_listing(fs, dir, &l);
	pthread_rwlock_unlock(&dir->dir->names);
	if (r)
		return r;
	r = l->n == 0;
	listing_put(l);
	return r;
}

void dir_opendir_op(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	/* The kernel never asks again, and keeps listings in its cache. */
	reply_status(req, -ENOSYS);
}

/* A reply being filled. */
struct fill {
	fuse_req_t req;
	struct fs *fs;
	struct node *dir;
	bool plus;
	char *buf;
	size_t size, used;
};

/* "." and "..", whose node the kernel knows: numbers for show. */
static int add_dots(struct fill *f, off_t off)
{
	static const char *const names[] = { ".", ".." };
	struct fuse_entry_param e;
	struct node *parent;
	char unused[NAME_MAX + 1];
	size_t n;

	for (; off < 2; off++) {
		memset(&e, 0, sizeof(e));
		e.attr.st_mode = S_IFDIR;
		e.attr.st_ino = f->dir->ino;
		if (off == 1 && !node_alias(f->dir, &parent, unused)) {
			e.attr.st_ino = parent->ino;
			node_put(f->fs, parent, 1);
		}
		n = f->plus ? fuse_add_direntry_plus(f->req, f->buf + f->used,
						     f->size - f->used,
						     names[off], &e, off + 1) :
			      fuse_add_direntry(f->req, f->buf + f->used,
						f->size - f->used, names[off],
						&e.attr, off + 1);
		if (n > f->size - f->used)
			return 1;
		f->used += n;
	}
	return 0;
}

static int add_plain(struct fill *f, const struct listing_entry *le,
		     const char *name)
{
	struct stat st = { .st_ino = le->ino, .st_mode = DTTOIF(le->type) };
	size_t n = fuse_add_direntry(f->req, f->buf + f->used,
				     f->size - f->used, name, &st,
				     (off_t)le->cookie);

	if (n > f->size - f->used)
		return 1;
	f->used += n;
	return 0;
}

/* The entry with its node, which saves the kernel a LOOKUP. */
static int add_plus(struct fill *f, const struct listing_entry *le,
		    const char *name)
{
	struct fuse_entry_param e;
	struct node *n = NULL;
	struct stat attr;
	size_t len;
	int r;

	/* Space first: a node handed out must be in the reply. */
	len = fuse_add_direntry_plus(f->req, NULL, 0, name, NULL, 0);
	if (len > f->size - f->used)
		return 1;
	r = lookup_locked(f->fs, f->dir, name, &n, &attr);
	if (r == -ENOENT)
		return 0;
	if (r) {
		/* The look-up will say what is wrong; the listing goes on. */
		memset(&e, 0, sizeof(e));
		e.attr.st_ino = le->ino;
		e.attr.st_mode = DTTOIF(le->type);
	} else if (!io_may_part(n)) {
		lookup_entry(f->fs, n, &attr, &e);
	} else {
		/* By the time the kernel reads this, it may have another id,
		 * which the kernel has been told already. */
		memset(&e, 0, sizeof(e));
		e.attr = attr;
		node_put(f->fs, n, 1);
	}
	fuse_add_direntry_plus(f->req, f->buf + f->used, f->size - f->used,
			       name, &e, (off_t)le->cookie);
	f->used += len;
	return 0;
}

static int fill(struct fill *f, off_t off)
{
	struct listing *l;
	size_t i;
	int r, full = 0;

	if (off < 2 && add_dots(f, off))
		return 0;
	pthread_rwlock_rdlock(&f->dir->dir->names);
	r = get_listing(f->fs, f->dir, &l);
	if (r) {
		pthread_rwlock_unlock(&f->dir->dir->names);
		return r;
	}
	i = listing_after(l, off < 2 ? 2 : (uint64_t)off);
	for (; !full && i < l->n; i++) {
		const struct listing_entry *le = &l->entries[i];
		const char *name = l->names + le->name;

		full = f->plus ? add_plus(f, le, name) :
				 add_plain(f, le, name);
	}
	pthread_rwlock_unlock(&f->dir->dir->names);
	/* Told that this is the end: whoever comes next begins anew.  Not one
	 * reply before, for the question whether there is more would have the
	 * directory read again. */
	if (!full && !f->used)
		dir_changed(f->dir);
	listing_put(l);
	return 0;
}

static void readdir_common(fuse_req_t req, fuse_ino_t ino, size_t size,
			   off_t off, bool plus)
{
	struct fs *fs = reply_fs(req);
	_cleanup_free char *buf = malloc(size);
	struct fill f = { .req = req,
			  .fs = fs,
			  .dir = node_get(fs, ino),
			  .plus = plus,
			  .buf = buf,
			  .size = size };
	int r;

	if (!f.dir || !node_is_dir(f.dir))
		r = -ESTALE;
	else
		r = buf ? fill(&f, off) : -ENOMEM;
	/* What is in the buffer holds references: it must be sent. */
	if (r && !f.used)
		reply_status(req, r);
	else
		fuse_reply_buf(req, buf, f.used);
}

void dir_readdir_op(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	readdir_common(req, ino, size, off, false);
}

void dir_readdirplus_op(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			struct fuse_file_info *fi)
{
	readdir_common(req, ino, size, off, true);
}

void dir_fsyncdir_op(fuse_req_t req, fuse_ino_t ino, int datasync,
		     struct fuse_file_info *fi)
{
	_cleanup_fdref struct fdref *ref = NULL;
	_cleanup_fd int fd = -1;
	struct fs *fs = reply_fs(req);
	struct node *n = node_get(fs, ino);
	int r = n && node_is_dir(n) ? 0 : -ESTALE;

	if (!r && node_flags(n) & NODE_UPPER) {
		r = node_upper_dir(fs, n, &ref);
		if (r >= 0) {
			fd = openat(r, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			r = fd < 0 || (datasync ? fdatasync(fd) : fsync(fd)) ?
				    -errno :
				    0;
		}
	}
	reply_status(req, r);
}
