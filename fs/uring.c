// SPDX-License-Identifier: Apache-2.0
#include "fs/uring.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "fs/kernel_format.h"
#include "fs/uring_types.h"

#define PARAMETER "/sys/module/fuse/parameters/enable_uring"

/* Of one queue: so many requests may take long at a time. */
#define THREADS_MAX 256

int uring_probe(const char **ret_why)
{
	_cleanup_fd int fd = open(PARAMETER, O_RDONLY | O_CLOEXEC);
	char c;

	if (fd < 0) {
		*ret_why = "the kernel has no " PARAMETER;
		return -EOPNOTSUPP;
	}
	if (read(fd, &c, 1) != 1 || c != 'Y') {
		*ret_why = PARAMETER " is not Y";
		return -EOPNOTSUPP;
	}
	return 0;
}

/* With u->lock held. */
static int add_thread(struct uring_queue *q, bool first)
{
	struct uring_server *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->q = q;
	s->first = first;
	r = pthread_create(&s->thread, NULL, uring_server_run, s);
	if (r) {
		free(s);
		return -r;
	}
	s->next = q->servers;
	q->servers = s;
	q->nthreads++;
	return 0;
}

void uring_grow(struct uring_queue *q)
{
	struct uring *u = q->u;
	int r = 0;

	pthread_mutex_lock(&u->lock);
	if (u->phase == URING_STARTED && q->nthreads < THREADS_MAX)
		r = add_thread(q, false);
	pthread_mutex_unlock(&u->lock);
	if (r)
		log_warning(r, "starting a thread for CPU %u", q->cpu);
}

void uring_report(struct uring *u, int err, const char *why)
{
	pthread_mutex_lock(&u->lock);
	if (err && !u->error) {
		u->error = err;
		u->why = why;
	}
	u->waiting--;
	pthread_cond_broadcast(&u->changed);
	pthread_mutex_unlock(&u->lock);
}

bool uring_await_start(struct uring *u)
{
	bool go;

	pthread_mutex_lock(&u->lock);
	while (u->phase == URING_OPENED)
		pthread_cond_wait(&u->changed, &u->lock);
	go = u->phase == URING_STARTED;
	pthread_mutex_unlock(&u->lock);
	return go;
}

/* With u->lock held: until all first threads have reported. */
static int await_reports(struct uring *u, const char **ret_why)
{
	while (u->waiting)
		pthread_cond_wait(&u->changed, &u->lock);
	if (u->error)
		*ret_why = u->why;
	return u->error;
}

static int open_queues(struct uring *u, const char **ret_why)
{
	int r = 0;

	pthread_mutex_lock(&u->lock);
	for (unsigned i = 0; r == 0 && i < u->nqueues; i++) {
		u->queues[i].u = u;
		u->queues[i].cpu = i;
		r = add_thread(&u->queues[i], true);
		if (r == 0)
			u->waiting++;
		else
			*ret_why = "starting a thread for each CPU";
	}
	if (r == 0)
		r = await_reports(u, ret_why);
	pthread_mutex_unlock(&u->lock);
	return r;
}

int uring_open(struct uring **ret, struct fuse_session *se,
	       const char **ret_why)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF); /* the possible ones */
	struct uring *u = calloc(1, sizeof(*u));
	int r;

	*ret_why = "memory";
	if (!u)
		return -ENOMEM;
	pthread_mutex_init(&u->lock, NULL);
	pthread_cond_init(&u->changed, NULL);
	u->se = se;
	/* Of its own: libfuse closes the session's when it unmounts. */
	u->fd = fcntl(fuse_session_fd(se), F_DUPFD_CLOEXEC, 3);
	u->stopfd = eventfd(0, EFD_CLOEXEC);
	r = u->fd < 0 || u->stopfd < 0 ? -errno : 0;
	u->queues = calloc(cpus, sizeof(*u->queues));
	if (r == 0 && u->queues) {
		u->nqueues = cpus;
		r = open_queues(u, ret_why);
	} else if (r == 0) {
		r = -ENOMEM;
	}
	if (r < 0) {
		uring_stop(u);
		return r;
	}
	*ret = u;
	return 0;
}

int uring_start(struct uring *u, const struct fuse_init_out *init,
		const char **ret_why)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	int r;

	u->payload = init->max_write;
	if (u->payload < init->max_pages * page)
		u->payload = init->max_pages * page;
	if (u->payload < FUSE_MIN_READ_BUFFER)
		u->payload = FUSE_MIN_READ_BUFFER;
	u->payload = (u->payload + page - 1) / page * page;

	pthread_mutex_lock(&u->lock);
	u->phase = URING_STARTED;
	u->waiting = u->nqueues;
	pthread_cond_broadcast(&u->changed);
	r = await_reports(u, ret_why);
	pthread_mutex_unlock(&u->lock);
	return r;
}

static void stop_threads(struct uring *u)
{
	const uint64_t one = 1;
	struct uring_server *s, *next;

	pthread_mutex_lock(&u->lock);
	u->phase = URING_STOPPED;
	pthread_cond_broadcast(&u->changed);
	pthread_mutex_unlock(&u->lock);
	/* An eventfd takes a first write of 8 bytes in any case. */
	(void)!write(u->stopfd, &one, sizeof(one));
	/* No thread is added in this phase. */
	for (unsigned i = 0; i < u->nqueues; i++) {
		for (s = u->queues[i].servers; s; s = next) {
			next = s->next;
			pthread_join(s->thread, NULL);
			free(s);
		}
	}
}

void uring_stop(struct uring *u)
{
	if (!u)
		return;
	stop_threads(u);
	if (u->fd >= 0)
		close(u->fd);
	if (u->stopfd >= 0)
		close(u->stopfd);
	pthread_cond_destroy(&u->changed);
	pthread_mutex_destroy(&u->lock);
	free(u->queues);
	free(u);
}
