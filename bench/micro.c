// SPDX-License-Identifier: Apache-2.0
/*
 * One operation, many times, on a tree made by bench/suite:
 *
 *	micro OPERATION DIRECTORY COUNT
 *
 * prints the nanoseconds that one took (of sequential and random reads: those
 * for 4 KiB).  The time of what prepares or undoes is not in it.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define BIG_READ (128 * 1024)

extern char **environ;

static char buf[1 << 20];
static long count;
static volatile char sink;

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int open_or_die(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0644);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static void check(int r, const char *what)
{
	if (r)
		err(1, "%s", what);
}

static int64_t run_stat(void)
{
	int64_t start = now();
	struct stat st;

	for (long i = 0; i < count; i++)
		check(stat("files/f0", &st), "stat");
	return (now() - start) / count;
}

static int64_t run_stat_absent(void)
{
	int64_t start = now();
	struct stat st;

	for (long i = 0; i < count; i++)
		if (!stat("files/absent", &st))
			errx(1, "files/absent is there");
	return (now() - start) / count;
}

static int64_t run_open(void)
{
	int64_t start = now();

	for (long i = 0; i < count; i++)
		close(open_or_die("usr/f0", O_RDONLY));
	return (now() - start) / count;
}

static int64_t run_read4k(void)
{
	int64_t start = now();

	for (long i = 0; i < count; i++) {
		int fd = open_or_die("usr/f0", O_RDONLY);

		if (read(fd, buf, PAGE) != PAGE)
			err(1, "read");
		close(fd);
	}
	return (now() - start) / count;
}

static int64_t run_seqread(void)
{
	int64_t start = now(), pages = 0;

	for (long i = 0; i < count; i++) {
		int fd = open_or_die("usr/big", O_RDONLY);
		ssize_t n;

		while ((n = read(fd, buf, BIG_READ)) > 0)
			pages += n / PAGE;
		close(fd);
	}
	return (now() - start) / pages;
}

static int64_t run_randread(void)
{
	int fd = open_or_die("usr/big", O_RDONLY);
	uint64_t x = 88172645463325252ULL;
	int64_t start, pages;
	struct stat st;

	check(fstat(fd, &st), "fstat");
	pages = st.st_size / PAGE;
	start = now();
	for (long i = 0; i < count; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		if (pread(fd, buf, PAGE, (off_t)(x % (uint64_t)pages) * PAGE) !=
		    PAGE)
			err(1, "pread");
	}
	start = now() - start;
	close(fd);
	return start / count;
}

static int64_t run_mmap(void)
{
	int64_t start = now(), touched = 0;

	for (long i = 0; i < count; i++) {
		int fd = open_or_die("usr/big", O_RDONLY);
		size_t size = 16 << 20;
		char *p = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

		if (p == MAP_FAILED)
			err(1, "mmap");
		for (size_t at = 0; at < size; at += PAGE, touched++)
			sink = p[at];
		munmap(p, size);
		close(fd);
	}
	return (now() - start) / touched;
}

static int64_t run_exec(void)
{
	char *const argv[] = { (char *)"true", NULL };
	int64_t start = now();

	for (long i = 0; i < count; i++) {
		int status;
		pid_t pid;

		errno = posix_spawn(&pid, "usr/true", NULL, NULL, argv, environ);
		check(errno, "usr/true");
		if (waitpid(pid, &status, 0) != pid || status)
			errx(1, "usr/true failed");
	}
	return (now() - start) / count;
}

static int64_t run_readdir(void)
{
	int64_t start = now(), names = 0;

	for (long i = 0; i < count; i++) {
		DIR *d = opendir("files");

		if (!d)
			err(1, "files");
		while (readdir(d))
			names++;
		closedir(d);
	}
	return (now() - start) / names;
}

static void name_new(char *out, long i)
{
	snprintf(out, 64, "new/n%ld", i);
}

static int64_t run_create(void)
{
	int64_t start = now(), took;
	char name[64];

	for (long i = 0; i < count; i++) {
		name_new(name, i);
		close(open_or_die(name, O_WRONLY | O_CREAT | O_EXCL));
	}
	took = (now() - start) / count;
	for (long i = 0; i < count; i++) {
		name_new(name, i);
		check(unlink(name), name);
	}
	return took;
}

static int64_t run_unlink(void)
{
	int64_t start;
	char name[64];

	for (long i = 0; i < count; i++) {
		name_new(name, i);
		close(open_or_die(name, O_WRONLY | O_CREAT | O_EXCL));
	}
	start = now();
	for (long i = 0; i < count; i++) {
		name_new(name, i);
		check(unlink(name), name);
	}
	return (now() - start) / count;
}

static int64_t run_write4k(void)
{
	int fd = open_or_die("new/written", O_WRONLY | O_CREAT | O_TRUNC);
	int64_t start = now();

	for (long i = 0; i < count; i++)
		if (pwrite(fd, buf, PAGE, (off_t)(i % 1024) * PAGE) != PAGE)
			err(1, "pwrite");
	start = now() - start;
	close(fd);
	return start / count;
}

static int64_t run_seqwrite(void)
{
	int64_t start = now();

	for (long i = 0; i < count; i++) {
		int fd = open_or_die("new/written",
				     O_WRONLY | O_CREAT | O_TRUNC);

		for (int k = 0; k < 64; k++)
			if (write(fd, buf, sizeof(buf)) != sizeof(buf))
				err(1, "write");
		close(fd);
	}
	return (now() - start) / (count * 64 * (int64_t)(sizeof(buf) / PAGE));
}

/* A file of the template each time, from those that $BENCH_FROM begins. */
static int64_t run_break(void)
{
	const char *from = getenv("BENCH_FROM");
	long first = from ? atol(from) : 0;
	int64_t start = now();
	char name[64];

	for (long i = 0; i < count; i++) {
		int fd;

		snprintf(name, sizeof(name), "break/f%ld", first + i);
		fd = open_or_die(name, O_WRONLY);
		if (pwrite(fd, "x", 1, 0) != 1)
			err(1, "%s", name);
		close(fd);
	}
	return (now() - start) / count;
}

static const struct {
	const char *name;
	int64_t (*run)(void);
} operations[] = {
	{ "stat", run_stat },	    { "stat-absent", run_stat_absent },
	{ "open", run_open },	    { "read4k", run_read4k },
	{ "seqread", run_seqread }, { "randread", run_randread },
	{ "mmap", run_mmap },	    { "exec", run_exec },
	{ "readdir", run_readdir }, { "create", run_create },
	{ "unlink", run_unlink },   { "write4k", run_write4k },
	{ "seqwrite", run_seqwrite }, { "break4k", run_break },
};

int main(int argc, char **argv)
{
	if (argc != 4)
		errx(2, "usage: micro OPERATION DIRECTORY COUNT");
	check(chdir(argv[2]), argv[2]);
	count = atol(argv[3]);
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (strcmp(operations[i].name, argv[1]))
			continue;
		printf("%lld\n", (long long)operations[i].run());
		return 0;
	}
	errx(2, "%s: no such operation", argv[1]);
}
