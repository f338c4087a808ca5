// SPDX-License-Identifier: Apache-2.0
/*
 * latency DIR FIRST COUNT -- COMMAND...: how long requests about fresh names
 * take while COMMAND runs.  DIR holds directories dN with files fN (maketree);
 * those numbered FIRST to FIRST + COUNT - 1 are used, each name once, so that
 * no answer comes from the kernel's cache.  Three threads: one looks names up
 * (stat), one opens, one lists directories.  A fourth sends a byte to another
 * thread and back: what the scheduler does to any round trip just now.  Between
 * two requests a thread sleeps 1 ms, so that the figures are delays and not a
 * load.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FILES 100
#define SAMPLES 100000

static const char *dir;
static unsigned long first, count;
static atomic_bool stop;

struct probe {
	const char *name;
	/* The n-th time; false when there are no fresh names any more. */
	bool (*once)(unsigned long n);
	pthread_t thread;
	double *ms;
	size_t n;
};

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e3 + ts.tv_nsec / 1e6;
}

/* A third of the directories for each probe. */
static bool path_of(unsigned long part, unsigned long n, char *buf, size_t size)
{
	unsigned long d = n / (FILES - 1), f = n % (FILES - 1);

	if (d >= count / 3)
		return false;
	snprintf(buf, size, "%s/d%lu/f%lu", dir, first + part * (count / 3) + d,
		 f);
	return true;
}

static bool do_stat(unsigned long n)
{
	char path[4096];
	struct stat st;

	if (!path_of(0, n, path, sizeof(path)))
		return false;
	if (stat(path, &st))
		err(1, "%s", path);
	return true;
}

static bool do_open(unsigned long n)
{
	char path[4096];
	int fd;

	if (!path_of(1, n, path, sizeof(path)))
		return false;
	fd = open(path, O_RDONLY);
	if (fd < 0)
		err(1, "%s", path);
	close(fd);
	return true;
}

static bool do_list(unsigned long n)
{
	char path[4096];
	DIR *d;

	if (n >= count / 3)
		return false;
	snprintf(path, sizeof(path), "%s/d%lu", dir,
		 first + 2 * (count / 3) + n);
	d = opendir(path);
	if (!d)
		err(1, "%s", path);
	while (readdir(d))
		;
	closedir(d);
	return true;
}

static int there[2], back[2];

static void *echo(void *unused)
{
	char c;

	while (read(there[0], &c, 1) == 1)
		if (write(back[1], &c, 1) != 1)
			break;
	return NULL;
}

static bool do_pipe(unsigned long n)
{
	char c = 'x';

	return write(there[1], &c, 1) == 1 && read(back[0], &c, 1) == 1;
}

static struct probe probes[] = {
	{ .name = "pipe", .once = do_pipe },
	{ .name = "stat", .once = do_stat },
	{ .name = "open", .once = do_open },
	{ .name = "readdir", .once = do_list },
};
#define NPROBES (sizeof(probes) / sizeof(probes[0]))

static void *run(void *arg)
{
	struct probe *p = arg;
	/* Listings are few: spread over the time. */
	struct timespec pause = { 0, p->once == do_list ? 50000000 : 1000000 };
	double start;

	while (!atomic_load(&stop) && p->n < SAMPLES) {
		start = now_ms();
		if (!p->once(p->n))
			break;
		p->ms[p->n++] = now_ms() - start;
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static int ascending(const void *pa, const void *pb)
{
	const double *a = pa, *b = pb;

	return *a < *b ? -1 : *a > *b;
}

static void print(struct probe *p)
{
	if (!p->n)
		errx(1, "%s: no sample", p->name);
	qsort(p->ms, p->n, sizeof(*p->ms), ascending);
	printf("  %-8s %6zu times: median %7.3f ms, 99%% %8.3f, 99.9%% %8.3f, worst %8.3f\n",
	       p->name, p->n, p->ms[p->n / 2], p->ms[p->n * 99 / 100],
	       p->ms[p->n * 999 / 1000], p->ms[p->n - 1]);
}

static int run_command(char **argv)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		execvp(argv[0], argv);
		err(127, "%s", argv[0]);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			err(1, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
	pthread_t echoing;
	int rc;

	if (argc < 6 || strcmp(argv[4], "--"))
		errx(2, "usage: latency DIR FIRST COUNT -- COMMAND...");
	dir = argv[1];
	first = strtoul(argv[2], NULL, 10);
	count = strtoul(argv[3], NULL, 10);
	if (pipe(there) || pipe(back) ||
	    pthread_create(&echoing, NULL, echo, NULL))
		err(1, "starting");
	for (size_t i = 0; i < NPROBES; i++) {
		probes[i].ms = calloc(SAMPLES, sizeof(double));
		if (!probes[i].ms ||
		    pthread_create(&probes[i].thread, NULL, run, &probes[i]))
			errx(1, "no thread");
	}
	rc = run_command(argv + 5);
	atomic_store(&stop, true);
	for (size_t i = 0; i < NPROBES; i++) {
		pthread_join(probes[i].thread, NULL);
		print(&probes[i]);
		free(probes[i].ms);
	}
	close(there[1]);
	pthread_join(echoing, NULL);
	return rc;
}
