// SPDX-License-Identifier: Apache-2.0
/*
 * roundtrip DIR TIMES: microseconds of operations that cost a round trip to a
 * FUSE daemon, one a line, each the median of 20 stretches of TIMES.  DIR/file
 * must be there.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define STRETCHES 20

static int dirfd_;
static unsigned long serial;

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e6 + ts.tv_nsec / 1e3;
}

static void do_getattr(void)
{
	struct statx stx;

	if (statx(dirfd_, "file", AT_STATX_FORCE_SYNC, STATX_BASIC_STATS,
		  &stx))
		err(1, "statx");
}

static void open_close(const char *name, int flags, size_t bytes)
{
	char buf[4096];
	int fd = openat(dirfd_, name, flags, 0644);

	if (fd < 0 || (bytes && read(fd, buf, bytes) < 0))
		err(1, "%s", name);
	close(fd);
}

static void do_open(void)
{
	open_close("file", O_RDONLY, 0);
}

static void do_read(void)
{
	open_close("file", O_RDONLY, 4096);
}

static void do_create(void)
{
	char name[32];

	snprintf(name, sizeof(name), "new%lu", serial++);
	open_close(name, O_CREAT | O_EXCL | O_WRONLY, 0);
	if (unlinkat(dirfd_, name, 0))
		err(1, "%s", name);
}

static const struct {
	const char *name;
	void (*once)(void);
} ops[] = {
	{ "getattr", do_getattr },
	{ "open+close", do_open },
	{ "open+read+close", do_read },
	{ "create+close+unlink", do_create },
};

static int ascending(const void *pa, const void *pb)
{
	const double *a = pa, *b = pb;

	return *a < *b ? -1 : *a > *b;
}

int main(int argc, char **argv)
{
	double us[STRETCHES], start;
	long times;

	if (argc != 3 || (times = strtol(argv[2], NULL, 10)) < 1)
		errx(2, "usage: roundtrip DIR TIMES");
	dirfd_ = open(argv[1], O_RDONLY | O_DIRECTORY);
	if (dirfd_ < 0)
		err(1, "%s", argv[1]);
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		for (int s = 0; s < STRETCHES; s++) {
			start = now_us();
			for (long n = 0; n < times; n++)
				ops[i].once();
			us[s] = (now_us() - start) / times;
		}
		qsort(us, STRETCHES, sizeof(*us), ascending);
		printf("%s %.2f\n", ops[i].name, us[STRETCHES / 2]);
	}
	return 0;
}
