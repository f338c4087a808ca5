// SPDX-License-Identifier: Apache-2.0
/*
 * Files of a directory.  A file that the memo knows costs one statx(2).  Any
 * other costs, beside reading, an open, a list of attributes and another
 * statx(2) behind the last byte, which tells both whether the file is the one
 * that was seen and whether it changed since.
 */
#include "mkimage/source_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "base/log.h"

#define STATX_WANTED (STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID)

int source_dir_failed(int r, const char *path)
{
	log_error(r, "%s", path[0] ? path : "/");
	return r;
}

int source_dir_changed(const char *path)
{
	log_error(0, "%s: changed while it was read", path);
	return -ESTALE;
}

int source_dir_stat(int dirfd, const char *name, struct statx *ret)
{
	int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;

	if (!name[0])
		flags |= AT_EMPTY_PATH;
	return statx(dirfd, name, flags, STATX_WANTED, ret) ? -errno : 0;
}

/* O_NOATIME is for owners and for CAP_FOWNER. */
int source_dir_open_quietly(int dirfd, const char *name, int flags)
{
	int fd;

	flags |= O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
	fd = openat(dirfd, name, flags | O_NOATIME);
	if (fd < 0 && errno == EPERM)
		fd = openat(dirfd, name, flags);
	return fd < 0 ? -errno : fd;
}

bool source_dir_same_inode(const struct statx *a, const struct statx *b)
{
	return a->stx_ino == b->stx_ino &&
	       source_dir_device(a) == source_dir_device(b) &&
	       a->stx_mode == b->stx_mode;
}

/* Not by ctime: where the source is a template, another build may be linking
 * the file into its own. */
static bool same_state(const struct statx *a, const struct statx *b)
{
	return source_dir_same_inode(a, b) && a->stx_size == b->stx_size &&
	       a->stx_mtime.tv_sec == b->stx_mtime.tv_sec &&
	       a->stx_mtime.tv_nsec == b->stx_mtime.tv_nsec;
}

/* An open descriptor of a file or directory is asked directly, which saves a
 * walk through /proc. */
static ssize_t get_value(int fd, const char *name, const char *attr, char *buf)
{
	ssize_t n;

	if (name)
		return fileio_getxattr(fd, name, attr, buf, SOURCE_DIR_VALUE);
	n = fgetxattr(fd, attr, buf, SOURCE_DIR_VALUE);
	return n < 0 ? -errno : n;
}

static int list_names(int fd, const char *name, char *buf, struct bytes *ret)
{
	ssize_t n;

	if (name)
		return fileio_listxattr(fd, name, ret);
	n = flistxattr(fd, buf, SOURCE_DIR_VALUE);
	return n <= 0 ? n ? -errno : 0 : bytes_add(ret, buf, (size_t)n);
}

int source_dir_xattrs(struct source_dir *d, struct manifest_entry *e, int fd,
		      const char *name)
{
	_cleanup_bytes struct bytes names = BYTES_INIT;
	int r = list_names(fd, name, d->value, &names);

	if (r == -EOPNOTSUPP)
		return 0;
	for (size_t i = 0; !r && i < names.len;
	     i += strlen(names.data + i) + 1) {
		const char *attr = names.data + i;
		ssize_t n = get_value(fd, name, attr, d->value);

		r = n < 0 ? (int)n
			  : source_add_xattr(&d->source, e, attr, d->value,
					     (size_t)n);
	}
	source_sort_xattrs(e);
	return r;
}

static int open_file(struct source_dir *d)
{
	const struct source_dir_seen *f = &d->file;

	d->fd = source_dir_open_quietly(f->dirfd, f->name, 0);
	d->pos = 0;
	return d->fd < 0 ? source_dir_failed(d->fd, f->path) : 0;
}

/* Does the memo know it? */
static int ask(struct source_dir *d, struct source_item *item)
{
	const struct source_dir_seen *f = &d->file;

	if (!d->stamps ||
	    memo_stamp_set(&item->stamp, d->fs, &f->at, &f->stx))
		return -ENODATA;
	item->has_stamp = true;
	return d->memo ? memo_find(d->memo, &item->stamp, &item->entry,
				   &item->known_at)
		       : -ENODATA;
}

int source_dir_take_file(struct source_dir *d,
			 const struct source_dir_seen *seen,
			 struct source_item *item)
{
	int r;

	d->file_path.len = 0;
	r = bytes_adds(&d->file_path, seen->path);
	if (r)
		return source_dir_failed(r, seen->path);
	d->file = *seen;
	d->file.path = d->file_path.data;
	d->no_holes = seen->stx.stx_blocks * 512 >= seen->stx.stx_size;
	r = ask(d, item);
	if (r != -ENODATA) {
		item->known = !r;
		return r ? source_dir_failed(r, seen->path) : 0;
	}
	r = open_file(d);
	if (r)
		return r;
	r = source_dir_xattrs(d, &item->entry, d->fd, NULL);
	return r ? source_dir_failed(r, seen->path) : 0;
}

void source_dir_close_file(struct source_dir *d)
{
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}

/* Moves pos to the next data: false when there is none. */
static bool seek_data(struct source_dir *d, uint64_t size)
{
	off_t off;

	if (d->pos >= size || d->no_holes)
		return d->pos < size;
	off = lseek(d->fd, (off_t)d->pos, SEEK_DATA);
	if (off < 0 && errno == ENXIO)
		return false;
	/* A file system that knows no holes: all is data. */
	if (off >= 0)
		d->pos = (uint64_t)off;
	return d->pos < size;
}

/* Where the data at pos ends, or a block's worth of it. */
static uint64_t data_end(const struct source_dir *d, uint64_t size)
{
	uint64_t end = size;
	off_t off;

	if (!d->no_holes) {
		off = lseek(d->fd, (off_t)d->pos, SEEK_HOLE);
		if (off >= 0 && (uint64_t)off < size)
			end = (uint64_t)off;
	}
	return end - d->pos < SOURCE_DIR_BLOCK ? end : d->pos + SOURCE_DIR_BLOCK;
}

static int check_unchanged(struct source_dir *d)
{
	struct statx now;
	int r = source_dir_stat(d->fd, "", &now);

	if (r)
		return source_dir_failed(r, d->file.path);
	return same_state(&now, &d->file.stx) ? 0 :
					     source_dir_changed(d->file.path);
}

int source_dir_data(struct source *s, struct source_block *ret)
{
	struct source_dir *d = source_dir_from(s);
	uint64_t size = d->file.stx.stx_size, end;
	ssize_t n;
	int r;

	if (d->fd < 0) {
		/* Known to the memo, and yet wanted. */
		r = open_file(d);
		if (r)
			return r;
	}
	if (!seek_data(d, size)) {
		d->pos = size;
		return check_unchanged(d);
	}
	end = data_end(d, size);
	do {
		n = pread(d->fd, d->block, end - d->pos, (off_t)d->pos);
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		int error = -errno;

		/* What cannot be read may not be the file that was seen. */
		r = check_unchanged(d);
		return r ? r : source_dir_failed(error, d->file.path);
	}
	if (!n)
		return source_dir_changed(d->file.path);
	ret->data = d->block;
	ret->len = (size_t)n;
	ret->offset = d->pos;
	d->pos += (size_t)n;
	return 1;
}
