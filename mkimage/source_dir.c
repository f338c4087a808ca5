// SPDX-License-Identifier: Apache-2.0
/*
 * A directory as a source: depth first, every step O_NOFOLLOW and relative to
 * a descriptor, one mount only.  The tree must not change meanwhile; for a
 * file that is checked by its times and size before and after.
 */
#include "mkimage/source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "base/log.h"
#include "base/table.h"

#define BLOCK_SIZE (1 << 20)
#define STATX_WANTED (STATX_BASIC_STATS | STATX_MNT_ID)

/* A directory on the way down. */
struct frame {
	DIR *dir;
	size_t path_len; /* of its own path in source_dir.path */
};

/* The first name seen of an inode that has several. */
struct first_name {
	struct table_entry entry;
	char path[];
};

struct source_dir {
	struct source source;
	struct source_skip skip;
	struct frame *frames;
	size_t nframes, size;
	struct bytes path; /* of the frame in work; "" is the root */
	struct statx root;
	bool started;
	bool no_holes; /* in the file whose data is being read */
	struct table links;
	/* The file whose data is being read. */
	int fd;
	char *file_path; /* for messages */
	struct statx file;
	uint64_t pos;
	char *block;
};

static struct source_dir *from_source(struct source *s)
{
	return (struct source_dir *)((char *)s -
				     offsetof(struct source_dir, source));
}

/* Of the directory in work. */
static const char *path_text(const struct source_dir *d)
{
	return d->path.data ? d->path.data : "";
}

static int failed(int r, const char *path)
{
	log_error(r, "%s", path[0] ? path : "/");
	return r;
}

static int changed(const char *path)
{
	log_error(0, "%s: changed while it was read", path);
	return -ESTALE;
}

/* O_NOATIME is for owners and for CAP_FOWNER. */
static int open_quietly(int dirfd, const char *name, int flags)
{
	int fd;

	flags |= O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
	fd = openat(dirfd, name, flags | O_NOATIME);
	if (fd < 0 && errno == EPERM)
		fd = openat(dirfd, name, flags);
	return fd < 0 ? -errno : fd;
}

/* Mount points are told by the mount and not by st_dev, which differs from
 * file to file on overlayfs and from subvolume to subvolume on btrfs. */
static bool same_mount(const struct source_dir *d, const struct statx *stx)
{
	if (d->root.stx_mask & stx->stx_mask & STATX_MNT_ID)
		return d->root.stx_mnt_id == stx->stx_mnt_id;
	return d->root.stx_dev_major == stx->stx_dev_major &&
	       d->root.stx_dev_minor == stx->stx_dev_minor;
}

static dev_t device(const struct statx *stx)
{
	return makedev(stx->stx_dev_major, stx->stx_dev_minor);
}

/* Not by ctime: where the source is a template, another build may be linking
 * the file into its own. */
static bool same_state(const struct statx *a, const struct statx *b)
{
	return a->stx_ino == b->stx_ino && device(a) == device(b) &&
	       a->stx_mode == b->stx_mode && a->stx_size == b->stx_size &&
	       a->stx_mtime.tv_sec == b->stx_mtime.tv_sec &&
	       a->stx_mtime.tv_nsec == b->stx_mtime.tv_nsec;
}

/* `name` in dirfd, or what dirfd is when name is "". */
static int stat_entry(int dirfd, const char *name, struct statx *ret)
{
	int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;

	if (!name[0])
		flags |= AT_EMPTY_PATH;
	return statx(dirfd, name, flags, STATX_WANTED, ret) ? -errno : 0;
}

static int push(struct source_dir *d, int fd)
{
	struct frame *grown;
	DIR *dir;

	if (d->nframes == d->size) {
		size_t size = d->size ? 2 * d->size : 32;

		grown = reallocarray(d->frames, size, sizeof(*grown));
		if (!grown) {
			close(fd);
			return -ENOMEM;
		}
		d->frames = grown;
		d->size = size;
	}
	dir = fdopendir(fd);
	if (!dir) {
		int r = -errno;

		close(fd);
		return r;
	}
	d->frames[d->nframes].dir = dir;
	d->frames[d->nframes].path_len = d->path.len;
	d->nframes++;
	return 0;
}

static void pop(struct source_dir *d)
{
	closedir(d->frames[--d->nframes].dir);
}

static int one_xattr(struct source_dir *d, struct manifest_entry *e, int fd,
		     const char *name, const char *attr)
{
	_cleanup_free char *value = NULL;
	ssize_t len, got;

	do {
		len = fileio_getxattr(fd, name, attr, NULL, 0);
		if (len < 0)
			return (int)len;
		free(value);
		value = malloc((size_t)len + 1);
		if (!value)
			return -ENOMEM;
		got = fileio_getxattr(fd, name, attr, value, (size_t)len);
	} while (got == -ERANGE);
	if (got < 0)
		return (int)got;
	return source_add_xattr(&d->source, e, attr, value, (size_t)got);
}

/* Of `name` in the directory fd, or of what fd is when name is NULL. */
static int read_xattrs(struct source_dir *d, struct manifest_entry *e, int fd,
		       const char *name)
{
	_cleanup_bytes struct bytes names = BYTES_INIT;
	int r = fileio_listxattr(fd, name, &names);

	if (r == -EOPNOTSUPP)
		return 0;
	for (size_t i = 0; !r && i < names.len; i += strlen(names.data + i) + 1)
		r = one_xattr(d, e, fd, name, names.data + i);
	source_sort_xattrs(e);
	return r < 0 ? r : 0;
}

static int read_target(int dirfd, const char *name, const struct statx *stx,
		       char **ret)
{
	_cleanup_free char *target = malloc(PATH_MAX);
	ssize_t n;

	if (!target)
		return -ENOMEM;
	n = readlinkat(dirfd, name, target, PATH_MAX);
	if (n < 0)
		return -errno;
	if (n == PATH_MAX)
		return -ENAMETOOLONG;
	target[n] = '\0';
	*ret = take_ptr(target);
	return 0;
}

static void set_stat(struct manifest_entry *e, const struct statx *stx)
{
	e->mode = stx->stx_mode;
	e->uid = stx->stx_uid;
	e->gid = stx->stx_gid;
	e->mtime_sec = stx->stx_mtime.tv_sec;
	e->mtime_nsec = stx->stx_mtime.tv_nsec;
	if (S_ISREG(e->mode) || S_ISLNK(e->mode))
		e->size = stx->stx_size;
	if (S_ISCHR(e->mode) || S_ISBLK(e->mode))
		e->rdev = makedev(stx->stx_rdev_major, stx->stx_rdev_minor);
}

static int note_name(struct table_shard *shard, const struct table_key *key,
		     const char *path)
{
	size_t len = strlen(path) + 1;
	struct first_name *first = malloc(sizeof(*first) + len);

	if (!first)
		return -ENOMEM;
	memcpy(first->path, path, len);
	table_insert(shard, &first->entry, key);
	return 0;
}

/*
 * Of an inode with several names: 1 and the entry's target if another name of
 * it was returned before, else notes this one.
 */
static int find_link(struct source_dir *d, const struct statx *stx,
		     struct manifest_entry *e)
{
	struct table_key key = { { stx->stx_ino, device(stx), 0 } };
	struct table_shard *shard;
	struct table_entry *found;
	int r;

	if (stx->stx_nlink < 2 || S_ISDIR(stx->stx_mode))
		return 0;
	shard = table_lock(&d->links, &key);
	found = table_find(shard, &key);
	if (found) {
		e->target = strdup(((struct first_name *)found)->path);
		e->hardlink = true;
		r = e->target ? 1 : -ENOMEM;
	} else {
		r = note_name(shard, &key, e->path);
	}
	table_unlock(shard);
	return r;
}

/* Ends the reading of the file before. */
static void close_file(struct source_dir *d)
{
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
	free(d->file_path);
	d->file_path = NULL;
}

/* A regular file or directory, opened so that it is the one that was seen. */
static int open_seen(int dirfd, const char *name, int flags, const char *path,
		     const struct statx *stx)
{
	_cleanup_fd int fd = open_quietly(dirfd, name, flags);
	struct statx now;
	int r;

	if (fd < 0)
		return failed(fd, path);
	r = stat_entry(fd, "", &now);
	if (r)
		return failed(r, path);
	if (now.stx_ino != stx->stx_ino || device(&now) != device(stx) ||
	    now.stx_mode != stx->stx_mode)
		return changed(path);
	return take_fd(&fd);
}

static int take_file(struct source_dir *d, int dirfd, const char *name,
		     const struct statx *stx, struct manifest_entry *e)
{
	int fd = open_seen(dirfd, name, 0, e->path, stx);
	int r;

	if (fd < 0)
		return fd;
	d->fd = fd;
	d->file_path = strdup(e->path);
	d->file = *stx;
	d->no_holes = stx->stx_blocks * 512 >= stx->stx_size;
	d->pos = 0;
	if (!d->file_path)
		return -ENOMEM;
	r = read_xattrs(d, e, fd, NULL);
	return r ? failed(r, e->path) : 0;
}

/* Enters the directory, unless it is to stay empty. */
static int take_directory(struct source_dir *d, int dirfd, const char *name,
			  const struct statx *stx, struct manifest_entry *e)
{
	int fd = open_seen(dirfd, name, O_DIRECTORY, e->path, stx);
	int r;

	if (fd < 0)
		return fd;
	r = read_xattrs(d, e, fd, NULL);
	if (r) {
		close(fd);
		return failed(r, e->path);
	}
	if (!same_mount(d, stx) || (stx->stx_ino == d->skip.ino &&
				    device(stx) == d->skip.dev)) {
		close(fd);
		return 0;
	}
	r = bytes_addf(&d->path, "/%s", name);
	if (r) {
		close(fd);
		return r;
	}
	r = push(d, fd);
	return r ? failed(r, e->path) : 0;
}

static int take_other(struct source_dir *d, int dirfd, const char *name,
		      const struct statx *stx, struct manifest_entry *e)
{
	int r = 0;

	if (S_ISLNK(stx->stx_mode))
		r = read_target(dirfd, name, stx, &e->target);
	if (!r && e->target && strlen(e->target) != stx->stx_size)
		return changed(e->path);
	if (!r)
		r = read_xattrs(d, e, dirfd, name);
	return r ? failed(r, e->path) : 0;
}

/* Fills in the entry of `name`: 1, or 0 if it is to be left out. */
static int take(struct source_dir *d, const char *name,
		struct manifest_entry *e)
{
	int dirfd_ = dirfd(d->frames[d->nframes - 1].dir);
	_cleanup_bytes struct bytes path = BYTES_INIT;
	struct statx stx;
	int r = bytes_addf(&path, "%s/%s", path_text(d), name);

	if (r)
		return r;
	e->path = bytes_take(&path);
	if (!e->path)
		return -ENOMEM;
	if (strlen(e->path) >= PATH_MAX) {
		log_error(-ENAMETOOLONG, "%.60s...", e->path);
		return -ENAMETOOLONG;
	}
	r = stat_entry(dirfd_, name, &stx);
	if (r)
		return failed(r, e->path);
	if (S_ISSOCK(stx.stx_mode)) {
		log_warning(0, "%s: a socket, left out", e->path);
		return 0;
	}
	if (!S_ISDIR(stx.stx_mode) && !same_mount(d, &stx)) {
		log_warning(0, "%s: a mount point, left out", e->path);
		return 0;
	}
	set_stat(e, &stx);
	r = find_link(d, &stx, e);
	if (r)
		return r;
	if (S_ISREG(stx.stx_mode))
		r = take_file(d, dirfd_, name, &stx, e);
	else if (S_ISDIR(stx.stx_mode))
		r = take_directory(d, dirfd_, name, &stx, e);
	else
		r = take_other(d, dirfd_, name, &stx, e);
	return r ? r : 1;
}

/* The root itself is the first entry. */
static int take_root(struct source_dir *d, struct manifest_entry *e)
{
	int r;

	d->started = true;
	e->path = strdup("/");
	if (!e->path)
		return -ENOMEM;
	set_stat(e, &d->root);
	r = read_xattrs(d, e, dirfd(d->frames[0].dir), NULL);
	return r ? failed(r, e->path) : 1;
}

static bool is_dots(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

/* The next name of the directory in work, or of one above: 1 when an entry
 * was made, 0 when there is none, and not yet the end while frames remain. */
static int step(struct source_dir *d, struct manifest_entry *e)
{
	struct frame *f = &d->frames[d->nframes - 1];
	struct dirent *entry;

	d->path.len = f->path_len;
	if (d->path.data)
		d->path.data[d->path.len] = '\0';
	errno = 0;
	entry = readdir(f->dir);
	if (!entry && errno)
		return failed(-errno, path_text(d));
	if (!entry) {
		pop(d);
		return 0;
	}
	return is_dots(entry->d_name) ? 0 : take(d, entry->d_name, e);
}

static int dir_next(struct source *s, struct source_item *ret)
{
	struct source_dir *d = from_source(s);
	struct manifest_entry e = { 0 };
	int r = 0;

	close_file(d);
	if (!d->started)
		r = take_root(d, &e);
	while (!r && d->nframes) {
		manifest_entry_release(&e);
		r = step(d, &e);
	}
	if (r > 0)
		ret->entry = e;
	else
		manifest_entry_release(&e);
	return r;
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
	return end - d->pos < BLOCK_SIZE ? end : d->pos + BLOCK_SIZE;
}

static int check_unchanged(struct source_dir *d)
{
	struct statx now;
	int r = stat_entry(d->fd, "", &now);

	if (r)
		return failed(r, d->file_path);
	return same_state(&now, &d->file) ? 0 : changed(d->file_path);
}

static int dir_data(struct source *s, struct source_block *ret)
{
	struct source_dir *d = from_source(s);
	uint64_t size = d->file.stx_size, end;
	ssize_t n;

	if (!seek_data(d, size)) {
		d->pos = size;
		return check_unchanged(d);
	}
	end = data_end(d, size);
	do {
		n = pread(d->fd, d->block, end - d->pos, (off_t)d->pos);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return failed(-errno, d->file_path);
	if (!n)
		return changed(d->file_path);
	ret->data = d->block;
	ret->len = (size_t)n;
	ret->offset = d->pos;
	d->pos += (size_t)n;
	return 1;
}

static void free_link(struct table_entry *e, void *arg)
{
	free(e);
}

static void dir_close(struct source *s)
{
	struct source_dir *d = from_source(s);

	close_file(d);
	while (d->nframes)
		pop(d);
	free(d->frames);
	bytes_release(&d->path);
	table_foreach(&d->links, free_link, NULL);
	table_release(&d->links);
	free(d->block);
	free(d);
}

static const struct source_ops dir_ops = {
	.next = dir_next,
	.data = dir_data,
	.close = dir_close,
};

/* The directory given may be reached through links; what is in it may not. */
static int open_root(struct source_dir *d, const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = stat_entry(fd, "", &d->root);
	if (r) {
		close(fd);
		return r;
	}
	return push(d, fd);
}

int source_dir_open(const char *path, const struct source_options *options,
		    struct source **ret)
{
	_cleanup_free char *absolute = realpath(path, NULL);
	struct source_dir *d = calloc(1, sizeof(*d));
	int r;

	if (!d || (r = table_init(&d->links))) {
		free(d);
		return failed(-ENOMEM, path);
	}
	d->source.ops = &dir_ops;
	d->skip = options->skip;
	d->fd = -1;
	d->block = malloc(BLOCK_SIZE);
	r = asprintf(&d->source.name, "dir:%s", absolute ? absolute : path);
	if (r < 0)
		d->source.name = NULL;
	r = r < 0 || !d->block ? -ENOMEM : open_root(d, path);
	if (r) {
		source_close(&d->source);
		return failed(r, path);
	}
	*ret = &d->source;
	return 0;
}
