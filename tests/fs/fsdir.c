// SPDX-License-Identifier: Apache-2.0
/*
 * Reads directories in ways that find mistakes; `fsdir` alone lists them.
 * Status 0: all right; 1: what is wrong stands on stderr.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_NAMES 200000

struct name {
	char *name;
	ino_t ino;
	long pos; /* before the entry */
	int type;
};

static struct name names[MAX_NAMES];
static size_t nnames;
static bool lax_parent; /* d_ino of ".." may be anything */

static void fail(const char *what, const char *name)
{
	fprintf(stderr, "fsdir: %s: %s%s%s\n", what, name, errno ? ": " : "",
		errno ? strerror(errno) : "");
	exit(1);
}

static bool is_dot(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

/* Reads all that is left of a directory. */
static void read_all(DIR *d)
{
	struct dirent *e;
	long pos = telldir(d);

	nnames = 0;
	while (errno = 0, (e = readdir(d))) {
		if (nnames == MAX_NAMES)
			fail("too many names", e->d_name);
		names[nnames++] = (struct name){ strdup(e->d_name), e->d_ino,
						 pos, e->d_type };
		pos = telldir(d);
	}
	if (errno)
		fail("readdir", "");
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->name,
		      ((const struct name *)b)->name);
}

static DIR *open_dir(const char *path)
{
	DIR *d = opendir(path);

	if (!d)
		fail("opendir", path);
	return d;
}

static void check_entry(int dirfd, const struct name *n, bool top)
{
	struct stat st;

	if (fstatat(dirfd, n->name, &st, AT_SYMLINK_NOFOLLOW))
		fail("stat of a name that readdir gave", n->name);
	errno = 0;
	/* A mount's ".." is another file system's, and overlayfs is wrong. */
	if (st.st_ino != n->ino &&
	    !((top || lax_parent) && !strcmp(n->name, ".."))) {
		fprintf(stderr, "fsdir: d_ino %llu, st_ino %llu\n",
			(unsigned long long)n->ino,
			(unsigned long long)st.st_ino);
		fail("d_ino is not st_ino", n->name);
	}
	if (n->type != DT_UNKNOWN && n->type != (int)IFTODT(st.st_mode))
		fail("d_type is not the type", n->name);
}

/* The whole tree: names once, "." and "..", d_ino and d_type as stat says. */
static size_t check_tree(int parent, const char *path, bool top)
{
	int fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct name *mine;
	size_t n, total, dots = 0;

	if (!d)
		fail("open", path);
	read_all(d);
	total = n = nnames;
	mine = malloc((n + 1) * sizeof(*mine));
	memcpy(mine, names, n * sizeof(*mine));
	qsort(mine, n, sizeof(*mine), compare);
	for (size_t i = 0; i < n; i++) {
		if (i && !strcmp(mine[i].name, mine[i - 1].name))
			fail("twice in one listing", mine[i].name);
		dots += is_dot(mine[i].name);
		check_entry(fd, &mine[i], top);
	}
	if (dots != 2)
		fail("not both of . and .. in", path);
	for (size_t i = 0; i < n; i++) {
		if (mine[i].type == DT_DIR && !is_dot(mine[i].name))
			total += check_tree(fd, mine[i].name, false);
		free(mine[i].name);
	}
	free(mine);
	closedir(d);
	return total;
}

static void do_check(const char *path)
{
	printf("%zu\n", check_tree(AT_FDCWD, path, true));
}

/* Unlinks each name as it is read: each comes once, none stays. */
static void do_deleting(const char *path)
{
	DIR *d = open_dir(path);
	struct dirent *e;
	size_t n = 0;

	while (errno = 0, (e = readdir(d))) {
		if (is_dot(e->d_name))
			continue;
		if (unlinkat(dirfd(d), e->d_name, 0))
			fail("unlink", e->d_name);
		n++;
	}
	if (errno)
		fail("readdir", path);
	rewinddir(d);
	while ((e = readdir(d)))
		if (!is_dot(e->d_name))
			fail("still there", e->d_name);
	closedir(d);
	printf("%zu\n", n);
}

/* Makes a name for each that is read, up to 500: old names come once. */
static void do_adding(const char *path)
{
	DIR *d = open_dir(path);
	struct dirent *e;
	size_t n = 0, added = 0, all;
	char name[64];
	int fd;

	read_all(d);
	all = nnames;
	qsort(names, all, sizeof(names[0]), compare);
	rewinddir(d);
	while (errno = 0, (e = readdir(d))) {
		struct name key = { e->d_name, 0, 0, 0 }, *found;

		found = bsearch(&key, names, all, sizeof(names[0]), compare);
		if (found && found->type < 0)
			fail("came twice", e->d_name);
		if (found) {
			found->type = -1;
			n++;
		}
		if (added >= 500)
			continue;
		snprintf(name, sizeof(name), "added%zu", added++);
		fd = openat(dirfd(d), name, O_CREAT | O_EXCL | O_WRONLY, 0644);
		if (fd < 0)
			fail("create", name);
		close(fd);
	}
	if (errno)
		fail("readdir", path);
	if (n != all)
		fail("not all names came", path);
	closedir(d);
	printf("%zu\n", n);
}

/* seekdir() to any place gives the entry that followed there. */
static void do_seek(const char *path)
{
	DIR *d = open_dir(path);
	struct dirent *e;
	size_t step;

	read_all(d);
	step = nnames / 200 + 1;
	for (size_t i = nnames; i-- > 0;) {
		if (i % step)
			continue;
		seekdir(d, names[i].pos);
		errno = 0;
		e = readdir(d);
		if (!e || strcmp(e->d_name, names[i].name))
			fail("seekdir gives something else than", names[i].name);
		e = readdir(d);
		if (i + 1 < nnames && (!e || strcmp(e->d_name, names[i + 1].name)))
			fail("what follows differs after", names[i].name);
	}
	closedir(d);
	printf("%zu\n", nnames);
}

/* An open directory shows changes after rewinddir(). */
static void do_rewind(const char *path)
{
	DIR *d = open_dir(path);
	struct dirent *e;
	bool seen = false;
	int fd;

	read_all(d);
	fd = openat(dirfd(d), "rewound", O_CREAT | O_EXCL | O_WRONLY, 0644);
	if (fd < 0)
		fail("create", "rewound");
	close(fd);
	rewinddir(d);
	while ((e = readdir(d)))
		seen |= !strcmp(e->d_name, "rewound");
	errno = 0;
	if (!seen)
		fail("rewinddir does not show what was made", path);
	if (unlinkat(dirfd(d), "rewound", 0))
		fail("unlink", "rewound");
	rewinddir(d);
	while ((e = readdir(d)))
		if (!strcmp(e->d_name, "rewound"))
			fail("rewinddir shows what was removed", path);
	closedir(d);
}

/* A directory removed while open is empty, and nothing can be made in it. */
static void do_removed(const char *path)
{
	DIR *d = open_dir(path);
	struct stat st;

	if (rmdir(path))
		fail("rmdir", path);
	read_all(d);
	for (size_t i = 0; i < nnames; i++)
		if (!is_dot(names[i].name))
			fail("a removed directory holds", names[i].name);
	if (fstat(dirfd(d), &st))
		fail("fstat", path);
	errno = 0;
	if (openat(dirfd(d), "x", O_CREAT | O_WRONLY, 0644) >= 0)
		fail("a file was made in a removed directory", path);
	if (errno != ENOENT)
		fail("create in a removed directory", path);
	closedir(d);
}

static const struct {
	const char *name;
	void (*fn)(const char *path);
} commands[] = {
	{ "check", do_check },	   { "deleting", do_deleting },
	{ "adding", do_adding },   { "seek", do_seek },
	{ "rewind", do_rewind },   { "removed", do_removed },
};

int main(int argc, char **argv)
{
	size_t n = sizeof(commands) / sizeof(commands[0]);
	const char *under_test = getenv("UNDER_TEST");

	lax_parent = under_test && !strcmp(under_test, "overlayfs");

	for (size_t i = 0; argc == 3 && i < n; i++) {
		if (strcmp(commands[i].name, argv[1]))
			continue;
		commands[i].fn(argv[2]);
		return 0;
	}
	fprintf(stderr, "usage: fsdir");
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "%s%s", i ? "|" : " ", commands[i].name);
	fprintf(stderr, " DIR\n");
	return 2;
}
