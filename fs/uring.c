// SPDX-License-Identifier: Apache-2.0
#include "fs/uring.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "fs/kernel_format.h"
#include "fs/uring_types.h"

#define PARAMETER "/sys/module/fuse/parameters/enable_uring"

/*
 * So many requests may take long at a time, beside one of each CPU; more wait.
 * An unused one costs half a kilobyte of the kernel's memory, and addresses.
 */
#define SPARE_ALL 128
#define SPARE_LEAST 16

#define HEADER_SIZE 4096

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

/* With u->lock held; e is NULL for the thread with the spare entries. */
static int add_thread(struct uring *u, struct uring_entry *e, bool first,
		      struct uring_server **ret)
{
	struct uring_server *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->u = u;
	s->entry = e;
	s->cpu = e ? e->cpu : 0;
	s->first = first;
	r = pthread_create(&s->thread, NULL, uring_server_run, s);
	if (r) {
		free(s);
		return -r;
	}
	s->next = u->servers;
	u->servers = s;
	if (first)
		u->waiting++;
	*ret = s;
	return 0;
}

/* One that has failed has ended, and is joined with the others. */
int uring_add_server(struct uring *u, struct uring_entry *e)
{
	struct uring_server *s;
	int r = -ESHUTDOWN;

	pthread_mutex_lock(&u->lock);
	if (u->phase != URING_STOPPED)
		r = add_thread(u, e, false, &s);
	if (r == 0) {
		while (!s->opened)
			pthread_cond_wait(&u->changed, &u->lock);
		r = s->opened < 0 ? s->opened : 0;
	}
	pthread_mutex_unlock(&u->lock);
	return r;
}

void uring_opened(struct uring_server *s, int err)
{
	pthread_mutex_lock(&s->u->lock);
	s->opened = err ?: 1;
	pthread_cond_broadcast(&s->u->changed);
	pthread_mutex_unlock(&s->u->lock);
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

bool uring_await(struct uring *u, enum uring_phase phase)
{
	bool go;

	pthread_mutex_lock(&u->lock);
	while (u->phase < phase)
		pthread_cond_wait(&u->changed, &u->lock);
	go = u->phase != URING_STOPPED;
	pthread_mutex_unlock(&u->lock);
	return go;
}

/* With u->lock held: until all that were told to have reported. */
static int await_reports(struct uring *u, const char **ret_why)
{
	while (u->waiting)
		pthread_cond_wait(&u->changed, &u->lock);
	if (u->error)
		*ret_why = u->why;
	return u->error;
}

static int open_threads(struct uring *u, const char **ret_why)
{
	struct uring_server *s;
	int r, r2;

	*ret_why = "starting a thread for each CPU";
	pthread_mutex_lock(&u->lock);
	r = add_thread(u, NULL, true, &s);
	for (unsigned i = 0; r == 0 && i < u->ncpus; i++)
		r = add_thread(u, u->entries + (size_t)i * (1 + u->nspare),
			       true, &s);
	r2 = await_reports(u, ret_why);
	pthread_mutex_unlock(&u->lock);
	return r ? r : r2;
}

static int make_entries(struct uring *u, long cpus)
{
	size_t each;

	u->nspare = SPARE_ALL / cpus;
	if (u->nspare < SPARE_LEAST)
		u->nspare = SPARE_LEAST;
	each = 1 + u->nspare;
	u->entries = calloc(each * cpus, sizeof(*u->entries));
	if (!u->entries)
		return -ENOMEM;
	u->ncpus = cpus;
	for (size_t i = 0; i < each * cpus; i++)
		u->entries[i].cpu = i / each;
	return 0;
}

int uring_open(struct uring **ret, struct fuse_session *se,
	       const char **ret_why)
{
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
	if (r == 0)
		r = make_entries(u, sysconf(_SC_NPROCESSORS_CONF));
	if (r == 0)
		r = open_threads(u, ret_why);
	if (r < 0) {
		uring_stop(u);
		return r;
	}
	*ret = u;
	return 0;
}

/* Memory of all entries.  Without it they are registered with none, by which
 * the kernel learns that there is no transport. */
static void map_entries(struct uring *u, size_t payload)
{
	const size_t n = (size_t)u->ncpus * (1 + u->nspare);
	const size_t each = HEADER_SIZE + payload;
	char *map = mmap(NULL, n * each, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (map == MAP_FAILED)
		return;
	/* One huge page would cost every mount two megabytes; a kernel without
	 * them refuses. */
	(void)!madvise(map, n * each, MADV_NOHUGEPAGE);
	u->map = map;
	u->map_size = n * each;
	for (size_t i = 0; i < n; i++, map += each) {
		struct uring_entry *e = &u->entries[i];

		e->header = (void *)map;
		e->payload = map + HEADER_SIZE;
		e->size = payload;
		e->iov[0] = (struct iovec){ e->header, sizeof(*e->header) };
		e->iov[1] = (struct iovec){ e->payload, payload };
	}
}

static size_t payload_size(const struct fuse_init_out *init)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	size_t size = init->max_write;

	if (size < init->max_pages * page)
		size = init->max_pages * page;
	if (size < FUSE_MIN_READ_BUFFER)
		size = FUSE_MIN_READ_BUFFER;
	return (size + page - 1) / page * page;
}

int uring_start(struct uring *u, const struct fuse_init_out *init,
		const char **ret_why)
{
	const char *why;
	int r;

	map_entries(u, payload_size(init));
	pthread_mutex_lock(&u->lock);
	/* The spare ones first: the kernel takes the last. */
	u->phase = URING_RESERVED;
	u->waiting = 1;
	pthread_cond_broadcast(&u->changed);
	r = await_reports(u, ret_why);
	if (r == 0) {
		u->phase = URING_STARTED;
		u->waiting = u->ncpus;
		pthread_cond_broadcast(&u->changed);
		/* From here on there is no way back, nor need: the spare ones
		 * serve. */
		if (await_reports(u, &why))
			log_warning(u->error, "%s", why);
	}
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
	for (s = u->servers; s; s = next) {
		next = s->next;
		pthread_join(s->thread, NULL);
		free(s);
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
	if (u->map)
		munmap(u->map, u->map_size);
	free(u->entries);
	free(u);
}
