// SPDX-License-Identifier: Apache-2.0
/*
 * A directory as a source: depth first, every step O_NOFOLLOW and relative to
 * a descriptor, one mount only.  The tree must not change meanwhile; for a
 * file that is checked by its times and size before and after.
 */
#include "mkimage/source_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

/* The first name seen of an inode that has several. */
struct first_name {
	struct table_entry entry;
	char path[];
};

/* Of the directory in work. */
static const char *path_text(const struct source_dir *d)
{
	return d->path.data ? d->path.data : "";
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

/* Owns the descriptor in any case. */
static int push(struct source_dir *d, int fd)
{
	struct source_dir_frame *grown;
	int r;

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
	r = source_names_open(&d->frames[d->nframes].names, fd);
	if (r)
		return r;
	d->frames[d->nframes].path_len = d->path.len;
	d->nframes++;
	return 0;
}

static void pop(struct source_dir *d)
{
	source_names_close(&d->frames[--d->nframes].names);
}

static int read_target(int dirfd, const char *name, char **ret)
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
	struct table_key key = { { stx->stx_ino, source_dir_device(stx), 0 } };
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

/* Opened so that it is the one that was seen, before anything is entered. */
static int open_directory(const struct source_dir_seen *seen)
{
	_cleanup_fd int fd = source_dir_open_quietly(seen->dirfd, seen->name,
						     O_DIRECTORY);
	struct statx now;
	int r;

	if (fd < 0)
		return source_dir_failed(fd, seen->path);
	r = source_dir_stat(fd, "", &now);
	if (r)
		return source_dir_failed(r, seen->path);
	if (!source_dir_same_inode(&now, &seen->stx))
		return source_dir_changed(seen->path);
	return take_fd(&fd);
}

/* Enters the directory, unless it is to stay empty. */
static int take_directory(struct source_dir *d,
			  const struct source_dir_seen *seen,
			  struct manifest_entry *e)
{
	_cleanup_fd int fd = open_directory(seen);
	int r;

	if (fd < 0)
		return fd;
	r = source_dir_xattrs(d, e, fd, NULL);
	if (r)
		return source_dir_failed(r, e->path);
	if (!same_mount(d, &seen->stx) ||
	    (seen->stx.stx_ino == d->skip.ino &&
	     source_dir_device(&seen->stx) == d->skip.dev))
		return 0;
	r = bytes_addf(&d->path, "/%s", seen->name);
	if (!r)
		r = push(d, take_fd(&fd));
	return r ? source_dir_failed(r, e->path) : 0;
}

static int take_other(struct source_dir *d, const struct source_dir_seen *seen,
		      struct manifest_entry *e)
{
	int r = 0;

	if (S_ISLNK(e->mode))
		r = read_target(seen->dirfd, seen->name, &e->target);
	if (!r && e->target && strlen(e->target) != e->size)
		return source_dir_changed(e->path);
	if (!r)
		r = source_dir_xattrs(d, e, seen->dirfd, seen->name);
	return r ? source_dir_failed(r, e->path) : 0;
}

/* Is it to be a part of the template? */
static bool wanted(const struct source_dir *d,
		   const struct source_dir_seen *seen)
{
	const char *what = NULL;

	if (S_ISSOCK(seen->stx.stx_mode))
		what = "a socket";
	else if (!S_ISDIR(seen->stx.stx_mode) && !same_mount(d, &seen->stx))
		what = "a mount point";
	if (what)
		log_warning(0, "%s: %s, left out", seen->path, what);
	return !what;
}

static int set_path(const struct source_dir *d, const char *name,
		    struct manifest_entry *e)
{
	_cleanup_bytes struct bytes path = BYTES_INIT;
	int r = bytes_addf(&path, "%s/%s", path_text(d), name);

	if (!r && path.len >= PATH_MAX)
		r = -ENAMETOOLONG;
	if (!r) {
		e->path = bytes_take(&path);
		r = e->path ? 0 : -ENOMEM;
	}
	if (r)
		log_error(r, "%.60s%s", path.data ? path.data : name,
			  path.len > 60 ? "..." : "");
	return r;
}

/* Fills in the item of `name`: 1, or 0 if it is to be left out. */
static int take(struct source_dir *d, const char *name,
		struct source_item *item)
{
	struct manifest_entry *e = &item->entry;
	struct source_dir_seen seen = {
		.dirfd = source_names_fd(&d->frames[d->nframes - 1].names),
		.name = name,
		.at = memo_now(),
	};
	int r = set_path(d, name, e);

	if (r)
		return r;
	seen.path = e->path;
	r = source_dir_stat(seen.dirfd, name, &seen.stx);
	if (r)
		return source_dir_failed(r, e->path);
	if (!wanted(d, &seen))
		return 0;
	set_stat(e, &seen.stx);
	item->has_names = seen.stx.stx_nlink > 1;
	r = find_link(d, &seen.stx, e);
	if (r)
		return r < 0 ? source_dir_failed(r, e->path) : 1;
	if (S_ISREG(e->mode))
		r = source_dir_take_file(d, &seen, item);
	else if (S_ISDIR(e->mode))
		r = take_directory(d, &seen, e);
	else
		r = take_other(d, &seen, e);
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
	r = source_dir_xattrs(d, e, source_names_fd(&d->frames[0].names),
			      NULL);
	return r ? source_dir_failed(r, e->path) : 1;
}

/* The next name of the directory in work, or of one above: 1 when an entry
 * was made, 0 when there is none, and not yet the end while frames remain. */
static int step(struct source_dir *d, struct source_item *item)
{
	struct source_dir_frame *f = &d->frames[d->nframes - 1];
	const char *name;
	int r;

	d->path.len = f->path_len;
	if (d->path.data)
		d->path.data[d->path.len] = '\0';
	r = source_names_next(&f->names, &name);
	if (r < 0)
		return source_dir_failed(r, path_text(d));
	if (r)
		return take(d, name, item);
	pop(d);
	return 0;
}

static int dir_next(struct source *s, struct source_item *ret)
{
	struct source_dir *d = source_dir_from(s);
	struct source_item item = { 0 };
	int r = 0;

	source_dir_close_file(d);
	if (!d->started)
		r = take_root(d, &item.entry);
	while (!r && d->nframes) {
		source_item_release(&item);
		r = step(d, &item);
	}
	if (r > 0)
		*ret = item;
	else
		source_item_release(&item);
	return r;
}

static void free_link(struct table_entry *e, void *arg)
{
	free(e);
}

static void dir_close(struct source *s)
{
	struct source_dir *d = source_dir_from(s);

	source_dir_close_file(d);
	while (d->nframes)
		pop(d);
	free(d->frames);
	bytes_release(&d->path);
	bytes_release(&d->file_path);
	table_foreach(&d->links, free_link, NULL);
	table_release(&d->links);
	free(d->block);
	free(d->value);
	free(d);
}

static const struct source_ops dir_ops = {
	.next = dir_next,
	.data = source_dir_data,
	.close = dir_close,
};

/* The directory given may be reached through links; what is in it may not. */
static int open_root(struct source_dir *d, const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = source_dir_stat(fd, "", &d->root);
	if (r) {
		close(fd);
		return r;
	}
	/* Without it everything is read, which is no failure. */
	d->stamps = !memo_fs(fd, &d->fs);
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
		return source_dir_failed(-ENOMEM, path);
	}
	d->source.ops = &dir_ops;
	d->skip = options->skip;
	d->memo = options->memo;
	d->fd = -1;
	d->value = malloc(SOURCE_DIR_VALUE);
	d->block = malloc(SOURCE_DIR_BLOCK);
	r = asprintf(&d->source.name, "dir:%s", absolute ? absolute : path);
	if (r < 0)
		d->source.name = NULL;
	r = r < 0 || !d->block || !d->value ? -ENOMEM : open_root(d, path);
	if (r) {
		source_close(&d->source);
		return source_dir_failed(r, path);
	}
	*ret = &d->source;
	return 0;
}
