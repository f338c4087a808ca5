// SPDX-License-Identifier: Apache-2.0
/*
 * ops OPERATION PATH [PATH2]: one system call (or the named few), so that the
 * requests it causes can be counted.  What fails is said by exit status 1,
 * but stat-absent must fail.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static int do_stat(const char *path, const char *unused)
{
	struct stat st;

	return stat(path, &st);
}

static int do_stat_absent(const char *path, const char *unused)
{
	struct stat st;

	return stat(path, &st) && errno == ENOENT ? 0 : -1;
}

static int do_readlink(const char *path, const char *unused)
{
	char buf[4096];

	return readlink(path, buf, sizeof(buf)) < 0 ? -1 : 0;
}

static int do_readdir(const char *path, const char *unused)
{
	DIR *d = opendir(path);

	if (!d)
		return -1;
	while (readdir(d))
		;
	return closedir(d);
}

static int do_read(const char *path, const char *unused)
{
	char buf[4096];
	int fd = open(path, O_RDONLY);

	if (fd < 0 || read(fd, buf, sizeof(buf)) < 0)
		return -1;
	return close(fd);
}

static int do_mmap(const char *path, const char *unused)
{
	int fd = open(path, O_RDONLY);
	volatile char *p;
	char sum;

	if (fd < 0)
		return -1;
	p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return -1;
	sum = p[0];
	return sum < 0 ? -1 : close(fd);
}

static int do_create(const char *path, const char *unused)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	char buf[1000];

	memset(buf, 'x', sizeof(buf));
	if (fd < 0 || write(fd, buf, sizeof(buf)) != sizeof(buf))
		return -1;
	return close(fd);
}

static int do_append(const char *path, const char *unused)
{
	int fd = open(path, O_WRONLY | O_APPEND);

	if (fd < 0 || write(fd, "x", 1) != 1)
		return -1;
	return close(fd);
}

static int do_chmod(const char *path, const char *unused)
{
	return chmod(path, 0600);
}

static int do_unlink(const char *path, const char *unused)
{
	return unlink(path);
}

static int do_rename(const char *path, const char *to)
{
	return rename(path, to);
}

static int do_mkdir(const char *path, const char *unused)
{
	return mkdir(path, 0755);
}

static int do_rmdir(const char *path, const char *unused)
{
	return rmdir(path);
}

static const struct op {
	const char *name;
	int (*run)(const char *path, const char *path2);
} ops[] = {
	{ "stat", do_stat },	   { "stat-absent", do_stat_absent },
	{ "readlink", do_readlink }, { "readdir", do_readdir },
	{ "read", do_read },	   { "mmap", do_mmap },
	{ "create", do_create },   { "append", do_append },
	{ "chmod", do_chmod },	   { "unlink", do_unlink },
	{ "rename", do_rename },   { "mkdir", do_mkdir },
	{ "rmdir", do_rmdir },
};

int main(int argc, char **argv)
{
	if (argc < 3)
		errx(2, "usage: ops OPERATION PATH [PATH2]");
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (strcmp(argv[1], ops[i].name))
			continue;
		if (ops[i].run(argv[2], argc > 3 ? argv[3] : NULL))
			err(1, "%s %s", argv[1], argv[2]);
		return 0;
	}
	errx(2, "no operation %s", argv[1]);
}
