// SPDX-License-Identifier: Apache-2.0
/* opener FILE...: opens all files for writing at once, a thread each, which
 * breaks them; prints how long each open took. */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct job {
	pthread_t thread;
	const char *path;
	double seconds;
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void *open_one(void *arg)
{
	struct job *j = arg;
	double start = now();
	int fd = open(j->path, O_RDWR);

	if (fd < 0)
		err(1, "%s", j->path);
	j->seconds = now() - start;
	close(fd);
	return NULL;
}

int main(int argc, char **argv)
{
	struct job *jobs = calloc(argc, sizeof(*jobs));
	double worst = 0;

	if (argc < 2 || !jobs)
		errx(2, "usage: opener FILE...");
	for (int i = 1; i < argc; i++) {
		jobs[i].path = argv[i];
		if (pthread_create(&jobs[i].thread, NULL, open_one, &jobs[i]))
			errx(1, "no thread");
	}
	for (int i = 1; i < argc; i++) {
		pthread_join(jobs[i].thread, NULL);
		if (jobs[i].seconds > worst)
			worst = jobs[i].seconds;
	}
	printf("  open for writing: %.2f s\n", worst);
	free(jobs);
	return 0;
}
