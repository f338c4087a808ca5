// SPDX-License-Identifier: Apache-2.0
/*
 * fileio_remove_tree(): depth first, the way up kept on the heap.  Only the
 * lowest OPEN_LEVELS directories stay open, so that neither the C stack nor
 * the number of descriptors limits the depth; a directory that was closed on
 * the way down is opened again through "..", and must be the same then.
 */
#include "base/fileio.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define OPEN_LEVELS 8
#define AGAIN_MAX 100

struct level {
	DIR *dir;   /* NULL while closed */
	char *name; /* in the level above */
	dev_t dev;
	ino_t ino;
	int again; /* how often it was not empty after all */
};

struct walk {
	int topfd; /* the caller's directory */
	struct level *levels;
	size_t n, size;
};

/* Below `fd`, never through a link and never into another mount. */
static int open_below(int fd, const char *name, int flags)
{
	struct open_how how = {
		.flags = flags | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
	};
	int r = syscall(SYS_openat2, fd, name, &how, sizeof(how));

	return r < 0 ? -errno : r;
}

/* To remove what is in a directory its owner needs all three permissions. */
static int allow(int pathfd)
{
	char path[FILEIO_PROC_PATH];
	struct stat st;

	if (fstat(pathfd, &st))
		return -errno;
	if ((st.st_mode & 0700) == 0700)
		return 0;
	fileio_proc_path(path, pathfd, NULL);
	return chmod(path, (st.st_mode & 07777) | 0700) ? -errno : 0;
}

static int open_dir(int fd, const char *name, DIR **ret)
{
	_cleanup_fd int pathfd = open_below(fd, name, O_PATH | O_DIRECTORY);
	_cleanup_fd int dirfd = -1;
	DIR *d;
	int err;

	if (pathfd < 0)
		return pathfd;
	err = allow(pathfd);
	if (err)
		return err;
	dirfd = openat(pathfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return -errno;
	d = fdopendir(dirfd);
	if (!d)
		return -errno;
	take_fd(&dirfd);
	*ret = d;
	return 0;
}

static void pop(struct walk *w)
{
	struct level *l = &w->levels[--w->n];

	if (l->dir)
		closedir(l->dir);
	free(l->name);
}

static void release(struct walk *w)
{
	while (w->n > 0)
		pop(w);
	free(w->levels);
}

static int grow(struct walk *w)
{
	size_t size = w->size ? 2 * w->size : 16;
	struct level *levels;

	if (w->n < w->size)
		return 0;
	levels = reallocarray(w->levels, size, sizeof(*levels));
	if (!levels)
		return -ENOMEM;
	w->levels = levels;
	w->size = size;
	return 0;
}

static int parent_fd(const struct walk *w)
{
	return w->n > 0 ? dirfd(w->levels[w->n - 1].dir) : w->topfd;
}

/* Steps down into `name`. */
static int push(struct walk *w, const char *name)
{
	struct level l = { 0 };
	struct stat st;
	int err = grow(w);

	if (err)
		return err;
	err = open_dir(parent_fd(w), name, &l.dir);
	if (err)
		return err;
	l.name = strdup(name);
	if (!l.name || fstat(dirfd(l.dir), &st)) {
		err = l.name ? -errno : -ENOMEM;
		closedir(l.dir);
		free(l.name);
		return err;
	}
	l.dev = st.st_dev;
	l.ino = st.st_ino;
	w->levels[w->n++] = l;
	if (w->n > OPEN_LEVELS) {
		struct level *far = &w->levels[w->n - 1 - OPEN_LEVELS];

		/* Closed already where the walk came up and goes down again. */
		if (far->dir)
			closedir(far->dir);
		far->dir = NULL;
	}
	return 0;
}

/* Opens the level above the lowest again, if it was closed. */
static int reopen_parent(struct walk *w)
{
	struct level *l;
	struct stat st;
	int err;

	if (w->n < 2 || w->levels[w->n - 2].dir)
		return 0;
	l = &w->levels[w->n - 2];
	err = open_dir(dirfd(w->levels[w->n - 1].dir), "..", &l->dir);
	if (err)
		return err;
	if (fstat(dirfd(l->dir), &st))
		return -errno;
	/* Somebody moved what is being removed: where ".." leads now is none
	 * of ours. */
	return st.st_dev == l->dev && st.st_ino == l->ino ? 0 : -ESTALE;
}

/* Removes an entry: 0, or 1 if it is a directory that holds something.  Gone
 * already is as good as removed. */
static int remove_entry(int fd, const char *name)
{
	if (unlinkat(fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	/* Linux says EISDIR of a directory, POSIX EPERM. */
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	if (unlinkat(fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno == ENOTEMPTY || errno == EEXIST)
		return 1;
	/* EPERM was meant for the file, then: it is immutable. */
	return errno == ENOTDIR ? -EPERM : -errno;
}

/* Removes the entries of the lowest level up to the first directory that must
 * be entered (1), or all (0). */
static int empty_lowest(struct walk *w)
{
	struct level *l = &w->levels[w->n - 1];
	struct dirent *d;
	int r;

	while (errno = 0, d = readdir(l->dir)) {
		if (fileio_is_dots(d->d_name))
			continue;
		r = remove_entry(dirfd(l->dir), d->d_name);
		if (r > 0)
			r = push(w, d->d_name);
		else if (r == 0)
			continue;
		/* -ENOENT: removed by another meanwhile. */
		if (r != -ENOENT)
			return r ? r : 1;
	}
	/* A directory that another removed reads so. */
	return errno && errno != ENOENT ? -errno : 0;
}

/* The lowest level was read to its end: removes it and steps up. */
static int remove_lowest(struct walk *w)
{
	struct level *l = &w->levels[w->n - 1];
	int err = reopen_parent(w), fd;

	if (err)
		return err;
	fd = w->n > 1 ? dirfd(w->levels[w->n - 2].dir) : w->topfd;
	if (unlinkat(fd, l->name, AT_REMOVEDIR) == 0 || errno == ENOENT) {
		pop(w);
		return 0;
	}
	if ((errno != ENOTEMPTY && errno != EEXIST) || ++l->again > AGAIN_MAX)
		return -errno;
	/* Reading may pass over entries while the directory changes.  Some
	 * come back each time: NFS renames an open file instead. */
	rewinddir(l->dir);
	return 0;
}

int fileio_remove_tree(int dirfd, const char *name)
{
	struct walk w = { .topfd = dirfd };
	int r;

	if (fileio_is_dots(name) || strchr(name, '/'))
		return -EINVAL;
	if (unlinkat(dirfd, name, 0) == 0)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	r = push(&w, name);
	if (r == -ENOTDIR)
		r = -EPERM; /* a file after all, and an immutable one */
	while (r >= 0 && w.n > 0) {
		r = empty_lowest(&w);
		if (r == 0)
			r = remove_lowest(&w);
	}
	release(&w);
	return r < 0 ? r : 0;
}
