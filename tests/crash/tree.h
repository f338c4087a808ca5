/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree as a container sees it, read whole into memory: names, types, modes,
 * owners, sizes, modification times, link counts, devices, targets, extended
 * attributes, contents and inode numbers.  Reading checks that d_ino and
 * d_type are what lstat says, that no name comes twice, and that st_nlink is
 * the number of names found.
 *
 * For one thread.  What cannot be read ends the program.
 */
#ifndef STENCIL_TESTS_CRASH_TREE_H
#define STENCIL_TESTS_CRASH_TREE_H

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define TREE_MAX 256

struct tree_entry {
	char *path;
	char *text; /* all that is compared as it is */
	uint64_t ino, nlink;
	bool dir;
};

struct tree {
	struct tree_entry e[TREE_MAX];
	size_t n;
	char wrong[512]; /* what does not fit together; "" */
};

/* Later modification times are "now": two runs differ in them. */
static struct timespec tree_now;

static void tree_release(struct tree *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->e[i].path);
		free(t->e[i].text);
	}
	t->n = 0;
}

static void tree_wrong(struct tree *t, const char *path, const char *what)
{
	if (!t->wrong[0])
		snprintf(t->wrong, sizeof(t->wrong), "/%s: %s", path, what);
}

static uint64_t tree_hash(uint64_t h, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)data[i]) * 0x100000001b3;
	return h;
}

static uint64_t tree_hash_file(int dirfd, const char *name)
{
	static char buf[65536];
	uint64_t h = 0xcbf29ce484222325;
	int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		err(2, "open %s", name);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		h = tree_hash(h, buf, (size_t)n);
	if (n < 0)
		err(2, "read %s", name);
	close(fd);
	return h;
}

static int tree_compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names with values, in the order of names. */
static void tree_put_xattrs(FILE *out, const char *path)
{
	char list[4096], value[4096], *names[64];
	size_t count = 0;
	ssize_t len = llistxattr(path, list, sizeof(list)), n;

	if (len < 0)
		err(2, "llistxattr %s", path);
	for (char *p = list; p < list + len && count < 64; p += strlen(p) + 1)
		names[count++] = p;
	qsort(names, count, sizeof(*names), tree_compare_names);
	for (size_t i = 0; i < count; i++) {
		n = lgetxattr(path, names[i], value, sizeof(value));
		if (n < 0)
			err(2, "lgetxattr %s %s", path, names[i]);
		fprintf(out, " %s=%016" PRIx64, names[i],
			tree_hash(0, value, (size_t)n));
	}
}

static char *tree_text(int dirfd, const char *name, const char *path,
		       const struct stat *st)
{
	char target[4096], *text = NULL;
	size_t size;
	ssize_t len;
	FILE *out = open_memstream(&text, &size);

	fprintf(out, "%06o %u:%u ", st->st_mode, st->st_uid, st->st_gid);
	if (st->st_mtim.tv_sec > tree_now.tv_sec ||
	    (st->st_mtim.tv_sec == tree_now.tv_sec &&
	     st->st_mtim.tv_nsec >= tree_now.tv_nsec))
		fputs("now", out);
	else
		fprintf(out, "%lld.%09ld", (long long)st->st_mtim.tv_sec,
			st->st_mtim.tv_nsec);
	if (!S_ISDIR(st->st_mode))
		fprintf(out, " links %ju size %jd", (uintmax_t)st->st_nlink,
			(intmax_t)st->st_size);
	if (S_ISREG(st->st_mode))
		fprintf(out, " %016" PRIx64, tree_hash_file(dirfd, name));
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		fprintf(out, " device %jx", (uintmax_t)st->st_rdev);
	if (S_ISLNK(st->st_mode)) {
		len = readlinkat(dirfd, name, target, sizeof(target));
		if (len < 0)
			err(2, "readlink %s", path);
		fprintf(out, " -> %.*s", (int)len, target);
	}
	tree_put_xattrs(out, path);
	fclose(out);
	return text;
}

static void tree_add_dir(struct tree *t, int parent, const char *name,
			 const char *root, const char *path);

static void tree_add(struct tree *t, int dirfd, const struct dirent *d,
		     const char *root, const char *path)
{
	struct tree_entry *e;
	char *full;
	struct stat st;

	if (fstatat(dirfd, d->d_name, &st, AT_SYMLINK_NOFOLLOW)) {
		tree_wrong(t, path, "listed, but cannot be found");
		return;
	}
	if (st.st_ino != d->d_ino)
		tree_wrong(t, path, "d_ino is not st_ino");
	if (d->d_type != IFTODT(st.st_mode))
		tree_wrong(t, path, "d_type is not the type");
	if (t->n == TREE_MAX)
		errx(2, "more than %d names", TREE_MAX);
	if (asprintf(&full, "%s/%s", root, path) < 0)
		err(2, "memory");
	e = &t->e[t->n++];
	*e = (struct tree_entry){
		.path = strdup(path),
		.text = tree_text(dirfd, d->d_name, full, &st),
		.ino = st.st_ino,
		.nlink = st.st_nlink,
		.dir = S_ISDIR(st.st_mode),
	};
	free(full);
	if (e->dir)
		tree_add_dir(t, dirfd, d->d_name, root, path);
}

static void tree_add_dir(struct tree *t, int parent, const char *name,
			 const char *root, const char *path)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;
	char *sub;

	if (!dir)
		err(2, "open directory %s", name);
	while (errno = 0, (d = readdir(dir))) {
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		if (asprintf(&sub, "%s%s%s", path, *path ? "/" : "",
			     d->d_name) < 0)
			err(2, "memory");
		tree_add(t, fd, d, root, sub);
		free(sub);
	}
	if (errno)
		err(2, "readdir %s", name);
	closedir(dir);
}

static int tree_compare_paths(const void *a, const void *b)
{
	return strcmp(((const struct tree_entry *)a)->path,
		      ((const struct tree_entry *)b)->path);
}

static void tree_check_links(struct tree *t)
{
	for (size_t i = 0; i < t->n; i++) {
		uint64_t names = 0;

		if (i && !strcmp(t->e[i].path, t->e[i - 1].path))
			tree_wrong(t, t->e[i].path, "twice in one listing");
		for (size_t j = 0; j < t->n; j++)
			names += t->e[j].ino == t->e[i].ino;
		if (t->e[i].dir && names != 1)
			tree_wrong(t, t->e[i].path, "inode number not its own");
		if (!t->e[i].dir && names != t->e[i].nlink)
			tree_wrong(t, t->e[i].path,
				   "st_nlink is not the number of names");
	}
}

static void tree_read(const char *root, struct tree *t)
{
	struct stat st;

	t->n = 0;
	t->wrong[0] = '\0';
	if (stat(root, &st))
		err(2, "stat %s", root);
	t->e[t->n++] = (struct tree_entry){
		.path = strdup(""), .ino = st.st_ino, .dir = true,
		.text = tree_text(AT_FDCWD, root, root, &st),
	};
	tree_add_dir(t, AT_FDCWD, root, root, "");
	qsort(t->e, t->n, sizeof(*t->e), tree_compare_paths);
	tree_check_links(t);
}

/* Which inode numbers of one run stand for which of another. */
struct tree_inos {
	uint64_t a[2 * TREE_MAX], b[2 * TREE_MAX];
	size_t n;
};

static bool tree_same_ino(struct tree_inos *map, uint64_t a, uint64_t b)
{
	for (size_t i = 0; i < map->n; i++)
		if (map->a[i] == a || map->b[i] == b)
			return map->a[i] == a && map->b[i] == b;
	map->a[map->n] = a;
	map->b[map->n++] = b;
	return true;
}

/*
 * Are the trees the same?  `map` learns inode numbers and holds those that
 * are known; without one they must be equal.  The first difference goes to
 * `why`, of `size` bytes.
 */
static bool tree_same(const struct tree *want, const struct tree *got,
		      struct tree_inos *map, char *why, size_t size)
{
	size_t i, j;

	for (i = j = 0; i < want->n || j < got->n; i++, j++) {
		const struct tree_entry *w = &want->e[i], *g = &got->e[j];
		int order = i == want->n ? 1 :
			    j == got->n	 ? -1 :
					   strcmp(w->path, g->path);

		if (order) {
			snprintf(why, size, "/%s: %s",
				 order < 0 ? w->path : g->path,
				 order < 0 ? "missing" : "not expected");
			return false;
		}
		if (strcmp(w->text, g->text)) {
			snprintf(why, size, "/%s:\n\twant %s\n\tgot  %s",
				 w->path, w->text, g->text);
			return false;
		}
		if (map ? !tree_same_ino(map, w->ino, g->ino) :
			  w->ino != g->ino) {
			snprintf(why, size,
				 "/%s: inode number %ju instead of %ju",
				 w->path, (uintmax_t)g->ino,
				 (uintmax_t)w->ino);
			return false;
		}
	}
	return true;
}

#endif
