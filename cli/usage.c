// SPDX-License-Identifier: Apache-2.0
#include "cli/usage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "cli/layer.h"

struct linked {
	ino_t ino;
	blkcnt_t blocks;
};

struct todo {
	struct todo *next;
	char *path;
};

struct walk {
	struct usage sum;
	struct linked *linked; /* one for each name of a hard-linked inode */
	size_t n, room;
	struct todo *todo;
	const char *dir; /* that is being read, and its descriptor */
	int fd;
};

static int add_linked(struct walk *w, const struct stat *st)
{
	struct linked *more;

	if (w->n == w->room) {
		size_t room = w->room ? 2 * w->room : 256;

		more = realloc(w->linked, room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		w->linked = more;
		w->room = room;
	}
	w->linked[w->n++] = (struct linked){ st->st_ino, st->st_blocks };
	return 0;
}

static int add_todo(struct walk *w, char *path)
{
	struct todo *t = malloc(sizeof(*t));

	if (!t || !path) {
		free(t);
		free(path);
		return -ENOMEM;
	}
	*t = (struct todo){ w->todo, path };
	w->todo = t;
	return 0;
}

static int visit(const char *name, void *arg)
{
	struct walk *w = arg;
	struct stat st;

	if (fstatat(w->fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -errno;
	if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0)) {
		w->sum.whiteouts++;
		return 0;
	}
	if (!S_ISDIR(st.st_mode) && st.st_nlink > 1)
		return add_linked(w, &st);
	w->sum.files++;
	w->sum.bytes += (uint64_t)st.st_blocks * 512;
	return S_ISDIR(st.st_mode) ? add_todo(w, layer_join(w->dir, name)) : 0;
}

static int compare_linked(const void *a, const void *b)
{
	const struct linked *x = a, *y = b;

	return (x->ino > y->ino) - (x->ino < y->ino);
}

static void count_linked(struct walk *w)
{
	size_t i;

	if (w->n)
		qsort(w->linked, w->n, sizeof(*w->linked), compare_linked);
	for (i = 0; i < w->n; i++) {
		if (i && w->linked[i].ino == w->linked[i - 1].ino)
			continue;
		w->sum.files++;
		w->sum.bytes += (uint64_t)w->linked[i].blocks * 512;
	}
}

static int walk_dir(struct walk *w, int root, const char *path)
{
	_cleanup_fd int fd = layer_open_dir(root, path);

	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
		return 0;
	if (fd < 0)
		return fd;
	w->dir = path;
	w->fd = fd;
	return layer_each(fd, visit, w);
}

int usage_walk(int root, struct usage *ret)
{
	struct walk w = { .fd = -1 };
	struct todo *t;
	int r = walk_dir(&w, root, "");

	while ((t = w.todo)) {
		w.todo = t->next;
		if (!r)
			r = walk_dir(&w, root, t->path);
		free(t->path);
		free(t);
	}
	count_linked(&w);
	free(w.linked);
	if (!r)
		*ret = w.sum;
	return r;
}
