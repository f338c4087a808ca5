/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares two trees: names, types, modes, owners, sizes, link counts, device
 * numbers, link targets, modification times, extended attributes, contents,
 * and which names are one file.  In each tree it also checks that d_ino and
 * d_type are what lstat says and that st_nlink is the number of names found.
 *
 *	treecmp [OPTION...] TESTED REFERENCE
 *	  --ids=FILE		each file of REFERENCE has the same st_ino in
 *				TESTED as when FILE was written; FILE is
 *				written anew
 *	  --ignore-xattr=PREFIX	may be repeated
 *	  --no-times, --no-dir-times
 *	  --no-nlink		link counts differ by design: TESTED is a layer
 *
 * A modification time before September 2020 was set by a test and must be
 * equal; a later one was made by the operation itself and must only be later in
 * both.
 *
 * Not compared: of directories the size (the file system's own business) and
 * st_nlink (1 for a merged directory, by the leave that POSIX gives);
 * st_blocks (a broken file may be allocated otherwise); access times (relatime
 * moves them at every read); change times (nobody can set them); of a FIFO
 * the modification time (a write to it is the kernel's alone).
 *
 * Exit status: 0 equal, 1 different, 2 could not tell.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"

#define OLD 1600000000 /* September 2020 */
#define MAX_REPORTS 40
#define XATTR_ROOM 65536

/* One name that both trees have. */
struct entry {
	char *path;
	uint64_t tested, reference; /* st_ino */
	uint64_t born;		    /* of the reference's inode: its number may
				       come back for another file */
	uint64_t nlink[2];
	bool dir;
};

static struct entry *entries;
static size_t nentries, capacity;
static int reports;
static bool no_times, no_dir_times, no_nlink;
static const char *ids_file, *ignored[16];
static size_t nignored;

__attribute__((format(printf, 2, 3))) static void
differ(const char *path, const char *fmt, ...)
{
	va_list ap;

	if (++reports > MAX_REPORTS)
		return;
	printf("%s: ", *path ? path : "/");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

static void *must(void *p)
{
	if (!p) {
		fprintf(stderr, "treecmp: no memory\n");
		exit(2);
	}
	return p;
}

static uint64_t birth(int dir, const char *name)
{
	struct statx x;

	if (statx(dir, name, AT_SYMLINK_NOFOLLOW, STATX_BTIME, &x) ||
	    !(x.stx_mask & STATX_BTIME))
		return 0;
	return x.stx_btime.tv_sec * 1000000000ull + x.stx_btime.tv_nsec;
}

static void remember(const char *path, int refdir, const char *name,
		     const struct stat st[2])
{
	if (nentries == capacity) {
		capacity = capacity ? 2 * capacity : 1024;
		entries = must(realloc(entries, capacity * sizeof(*entries)));
	}
	entries[nentries++] = (struct entry){
		.path = must(strdup(path)),
		.tested = st[0].st_ino,
		.reference = st[1].st_ino,
		.born = birth(refdir, name),
		.nlink = {st[0].st_nlink, st[1].st_nlink},
		.dir = S_ISDIR(st[0].st_mode),
	};
}

/* ---- extended attributes ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_ignored(const char *name)
{
	for (size_t i = 0; i < nignored; i++)
		if (!strncmp(name, ignored[i], strlen(ignored[i])))
			return true;
	return false;
}

/* Sorted names in `names`, whose text is in `room`. */
static size_t list_xattrs(const char *file, const char *path, char *room,
			  char **names)
{
	ssize_t n = llistxattr(file, room, XATTR_ROOM);
	size_t count = 0;

	if (n < 0 && errno != ENOTSUP)
		differ(path, "listxattr: %s", strerror(errno));
	for (char *p = room; n > 0 && p < room + n; p += strlen(p) + 1)
		if (!is_ignored(p) && count < 1024)
			names[count++] = p;
	qsort(names, count, sizeof(*names), by_name);
	return count;
}

static void compare_value(const char *path, char *const file[2],
			  const char *name)
{
	static char value[2][XATTR_ROOM];
	ssize_t n[2];

	for (int i = 0; i < 2; i++)
		n[i] = lgetxattr(file[i], name, value[i], XATTR_ROOM);
	if (n[0] != n[1])
		differ(path, "xattr %s: size %zd, not %zd", name, n[0], n[1]);
	else if (n[0] > 0 && memcmp(value[0], value[1], n[0]))
		differ(path, "xattr %s: another value", name);
}

static void compare_xattrs(const char *path, const int dir[2],
			   const char *name)
{
	static char room[2][XATTR_ROOM];
	static char *names[2][1024];
	static char text[2][5000];
	char *const file[2] = {text[0], text[1]};
	size_t n[2], i = 0, j = 0;
	int c;

	for (int k = 0; k < 2; k++) {
		snprintf(text[k], sizeof(text[k]), "/proc/self/fd/%d/%s",
			 dir[k], name);
		n[k] = list_xattrs(text[k], path, room[k], names[k]);
	}
	while (i < n[0] || j < n[1]) {
		c = i == n[0] ? 1 : j == n[1] ? -1 :
			    strcmp(names[0][i], names[1][j]);
		if (c < 0)
			differ(path, "xattr %s should not be", names[0][i++]);
		else if (c > 0)
			differ(path, "xattr %s is missing", names[1][j++]);
		else {
			compare_value(path, file, names[0][i++]);
			j++;
		}
	}
}

/* ---- one file ---- */

static ssize_t read_full(int fd, char *buf, size_t size)
{
	size_t n = 0;
	ssize_t r = 1;

	while (n < size && (r = read(fd, buf + n, size - n)) > 0)
		n += r;
	return r < 0 ? -1 : (ssize_t)n;
}

static void compare_content(const char *path, const int dir[2],
			    const char *name)
{
	static char buf[2][262144];
	_cleanup_fd int a = openat(dir[0], name, O_RDONLY | O_NOFOLLOW);
	int saved = errno;
	_cleanup_fd int b = openat(dir[1], name, O_RDONLY | O_NOFOLLOW);
	long long off = 0;
	ssize_t n, m;

	if (a < 0 || b < 0) {
		differ(path, "open: %s", strerror(a < 0 ? saved : errno));
		return;
	}
	for (;; off += n) {
		n = read_full(a, buf[0], sizeof(buf[0]));
		m = read_full(b, buf[1], sizeof(buf[1]));
		if (n < 0 || m < 0) {
			differ(path, "read: %s", strerror(errno));
			return;
		}
		if (n != m || memcmp(buf[0], buf[1], n))
			break;
		if (!n)
			return;
	}
	for (ssize_t i = 0; i < n || i < m; i++) {
		if (i < n && i < m && buf[0][i] == buf[1][i])
			continue;
		differ(path, "content differs from byte %lld on", off + i);
		return;
	}
}

static void compare_target(const char *path, const int dir[2],
			   const char *name)
{
	char target[2][4096];
	ssize_t n[2];

	for (int i = 0; i < 2; i++)
		n[i] = readlinkat(dir[i], name, target[i], sizeof(target[i]));
	if (n[0] < 0 || n[0] != n[1] || memcmp(target[0], target[1], n[0]))
		differ(path, "link target '%.*s', not '%.*s'",
		       (int)(n[0] < 0 ? 0 : n[0]), target[0],
		       (int)(n[1] < 0 ? 0 : n[1]), target[1]);
}

static void compare_times(const char *path, const struct stat st[2])
{
	const struct timespec a = st[0].st_mtim, b = st[1].st_mtim;

	if (no_times || S_ISFIFO(st[0].st_mode) ||
	    (no_dir_times && S_ISDIR(st[0].st_mode)))
		return;
	if (a.tv_sec >= OLD && b.tv_sec >= OLD)
		return;
	if (a.tv_sec != b.tv_sec || a.tv_nsec != b.tv_nsec)
		differ(path, "mtime %lld.%09ld, not %lld.%09ld",
		       (long long)a.tv_sec, a.tv_nsec, (long long)b.tv_sec,
		       b.tv_nsec);
}

static void compare_stat(const char *path, const struct stat st[2])
{
	const struct stat *a = &st[0], *b = &st[1];

	if (a->st_mode != b->st_mode)
		differ(path, "mode %o, not %o", a->st_mode, b->st_mode);
	if (a->st_uid != b->st_uid || a->st_gid != b->st_gid)
		differ(path, "owner %u:%u, not %u:%u", a->st_uid, a->st_gid,
		       b->st_uid, b->st_gid);
	compare_times(path, st);
	if (S_ISDIR(a->st_mode))
		return;
	if (a->st_nlink != b->st_nlink && !no_nlink)
		differ(path, "nlink %lu, not %lu", (unsigned long)a->st_nlink,
		       (unsigned long)b->st_nlink);
	if (a->st_size != b->st_size)
		differ(path, "size %lld, not %lld", (long long)a->st_size,
		       (long long)b->st_size);
	if (a->st_rdev != b->st_rdev)
		differ(path, "rdev %lx, not %lx", (unsigned long)a->st_rdev,
		       (unsigned long)b->st_rdev);
}

/* ---- directories ---- */

struct names {
	char **v;
	size_t n;
};

static void names_release(struct names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
}

/* Sorted; each entry's d_ino and d_type are checked.  Takes over fd. */
static void read_names(const char *path, int fd, struct names *l)
{
	_cleanup_dir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	size_t room = 0;
	struct dirent *e;
	struct stat st;

	*l = (struct names){0};
	if (!d)
		differ(path, "opendir: %s", strerror(errno));
	while (d && (errno = 0, e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW)) {
			differ(path, "listed '%s': %s", e->d_name,
			       strerror(errno));
			continue;
		}
		if (e->d_ino != st.st_ino)
			differ(path, "'%s': d_ino %llu, st_ino %llu",
			       e->d_name, (unsigned long long)e->d_ino,
			       (unsigned long long)st.st_ino);
		if (e->d_type != DT_UNKNOWN &&
		    e->d_type != IFTODT(st.st_mode))
			differ(path, "'%s': d_type %d, mode %o", e->d_name,
			       e->d_type, st.st_mode);
		if (l->n == room) {
			room = room ? 2 * room : 64;
			l->v = must(realloc(l->v, room * sizeof(*l->v)));
		}
		l->v[l->n++] = must(strdup(e->d_name));
	}
	if (d && errno)
		differ(path, "readdir: %s", strerror(errno));
	qsort(l->v, l->n, sizeof(*l->v), by_name);
	for (size_t i = 1; i < l->n; i++)
		if (!strcmp(l->v[i - 1], l->v[i]))
			differ(path, "'%s' is listed twice", l->v[i]);
}

static void compare_dir(const char *path, const int dir[2]);

static void compare_entry(const char *path, const int dir[2],
			  const char *name)
{
	struct stat st[2];

	for (int i = 0; i < 2; i++) {
		if (fstatat(dir[i], name, &st[i], AT_SYMLINK_NOFOLLOW)) {
			differ(path, "lstat: %s", strerror(errno));
			return;
		}
	}
	compare_stat(path, st);
	compare_xattrs(path, dir, name);
	remember(path, dir[1], name, st);
	if ((st[0].st_mode ^ st[1].st_mode) & S_IFMT)
		return;
	if (S_ISREG(st[0].st_mode))
		compare_content(path, dir, name);
	if (S_ISLNK(st[0].st_mode))
		compare_target(path, dir, name);
	if (S_ISDIR(st[0].st_mode)) {
		int sub[2] = {
			openat(dir[0], name, O_RDONLY | O_DIRECTORY),
			openat(dir[1], name, O_RDONLY | O_DIRECTORY)};

		compare_dir(path, sub);
		close(sub[0]);
		close(sub[1]);
	}
}

static void compare_dir(const char *path, const int dir[2])
{
	struct names l[2];
	size_t i = 0, j = 0;
	char sub[8192];
	int c;

	for (int k = 0; k < 2; k++)
		read_names(path, openat(dir[k], ".", O_RDONLY | O_DIRECTORY),
			   &l[k]);
	while (i < l[0].n || j < l[1].n) {
		c = i == l[0].n ? 1 : j == l[1].n ? -1 :
			    strcmp(l[0].v[i], l[1].v[j]);
		if (c < 0) {
			differ(path, "'%s' should not be", l[0].v[i++]);
			continue;
		}
		if (c > 0) {
			differ(path, "'%s' is missing", l[1].v[j++]);
			continue;
		}
		snprintf(sub, sizeof(sub), "%s/%s", path, l[0].v[i]);
		compare_entry(sub, dir, l[0].v[i]);
		i++;
		j++;
	}
	names_release(&l[0]);
	names_release(&l[1]);
}

/* ---- which names are one file ---- */

#define COMPARE(x, y) ((x) < (y) ? -1 : (x) > (y))

static int by_tested(const void *pa, const void *pb)
{
	const struct entry *a = pa, *b = pb;

	return COMPARE(a->tested, b->tested);
}

static int by_reference(const void *pa, const void *pb)
{
	const struct entry *a = pa, *b = pb;

	return COMPARE(a->reference, b->reference) ?:
	       COMPARE(a->born, b->born);
}

static uint64_t ino_of(const struct entry *e, int side)
{
	return side ? e->reference : e->tested;
}

/* Names that are one file in one tree must be one in the other, and as many
 * as st_nlink says. */
static void check_groups(int side)
{
	static const char *const tree[] = {"tested", "reference"};

	qsort(entries, nentries, sizeof(*entries),
	      side ? by_reference : by_tested);
	for (size_t i = 0, j; i < nentries; i = j) {
		const struct entry *a = &entries[i];

		for (j = i; j < nentries &&
			    ino_of(&entries[j], side) == ino_of(a, side); j++)
			if (ino_of(&entries[j], !side) != ino_of(a, !side))
				differ(entries[j].path,
				       "one file with %s in the %s tree alone",
				       a->path, tree[side]);
		if (!a->dir && a->nlink[side] != j - i && !no_nlink)
			differ(a->path, "nlink %lu, but %zu names in the %s "
			       "tree", (unsigned long)a->nlink[side], j - i,
			       tree[side]);
	}
}

/* A file of the reference tree that was there when the ids were written must
 * have kept its number in the tested tree. */
static void check_ids(void)
{
	_cleanup_file FILE *f = fopen(ids_file, "re");
	unsigned long long ref, born, tested;
	size_t i = 0;

	qsort(entries, nentries, sizeof(*entries), by_reference);
	while (f && fscanf(f, "%llu %llu %llu", &ref, &born, &tested) == 3) {
		const struct entry key = {.reference = ref, .born = born};

		while (i < nentries && by_reference(&entries[i], &key) < 0)
			i++;
		if (i < nentries && !by_reference(&entries[i], &key) &&
		    entries[i].tested != tested)
			differ(entries[i].path, "st_ino %llu became %llu",
			       tested, (unsigned long long)entries[i].tested);
	}
}

static void write_ids(void)
{
	_cleanup_file FILE *f = fopen(ids_file, "we");

	for (size_t i = 0; f && i < nentries; i++)
		fprintf(f, "%llu %llu %llu\n",
			(unsigned long long)entries[i].reference,
			(unsigned long long)entries[i].born,
			(unsigned long long)entries[i].tested);
	if (!f || fflush(f)) {
		perror(ids_file);
		exit(2);
	}
}

static bool take_option(const char *arg)
{
	if (!strncmp(arg, "--ids=", 6))
		ids_file = arg + 6;
	else if (!strncmp(arg, "--ignore-xattr=", 15) && nignored < 16)
		ignored[nignored++] = arg + 15;
	else if (!strcmp(arg, "--no-times"))
		no_times = true;
	else if (!strcmp(arg, "--no-dir-times"))
		no_dir_times = true;
	else if (!strcmp(arg, "--no-nlink"))
		no_nlink = true;
	else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	struct stat st[2];
	int dir[2], i = 1;

	while (i < argc && !strncmp(argv[i], "--", 2))
		if (!take_option(argv[i++]))
			argc = 0;
	if (argc != i + 2) {
		fputs("usage: treecmp [OPTION...] TESTED REFERENCE\n", stderr);
		return 2;
	}
	for (int k = 0; k < 2; k++) {
		dir[k] = open(argv[i + k], O_RDONLY | O_DIRECTORY);
		if (dir[k] < 0 || fstat(dir[k], &st[k])) {
			perror(argv[i + k]);
			return 2;
		}
	}
	compare_stat("", st);
	compare_xattrs("", dir, ".");
	compare_dir("", dir);
	check_groups(0);
	check_groups(1);
	if (ids_file) {
		check_ids();
		write_ids();
	}
	if (reports > MAX_REPORTS)
		printf("and %d more differences\n", reports - MAX_REPORTS);
	return reports ? 1 : 0;
}
