// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "fs/kernel_format.h"
#include "fs/uring_types.h"

#define SUBMISSIONS 8
#define TRIM_SECONDS 5

static void pin(unsigned cpu)
{
	cpu_set_t *set = CPU_ALLOC(cpu + 1);
	size_t size = CPU_ALLOC_SIZE(cpu + 1);

	if (!set)
		return;
	CPU_ZERO_S(size, set);
	CPU_SET_S(cpu, size, set);
	/* Fails for a CPU that is off or not for us: it is slower then. */
	pthread_setaffinity_np(pthread_self(), size, set);
	CPU_FREE(set);
}

static int open_ring(struct uring_server *s)
{
	/* Requests are copied into our memory when this thread asks for them,
	 * and do not interrupt what it does. */
	struct io_uring_params p = {
		.flags = IORING_SETUP_SQE128 | IORING_SETUP_SINGLE_ISSUER |
			 IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE,
		.cq_entries = 2 * SUBMISSIONS,
	};
	int r;

	if (!s->entry)
		p.cq_entries += s->u->ncpus * s->u->nspare;
	r = io_uring_queue_init_params(s->entry ? 2 : SUBMISSIONS, &s->io, &p);
	if (r < 0)
		return r;
	r = io_uring_register_files(&s->io, &s->u->fd, 1);
	if (r < 0)
		io_uring_queue_exit(&s->io);
	return r;
}

static struct io_uring_sqe *next_sqe(struct uring_server *s)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&s->io);

	if (!sqe && io_uring_submit(&s->io) >= 0)
		sqe = io_uring_get_sqe(&s->io);
	/* A thread with one entry submits it alone, and what the others submit
	 * the kernel takes at once. */
	assert(sqe);
	memset(sqe, 0, 2 * sizeof(*sqe));
	return sqe;
}

static void queue_command(struct uring_server *s, enum fuse_uring_cmd op,
			  struct uring_entry *e, uint64_t commit_id)
{
	struct io_uring_sqe *sqe = next_sqe(s);
	struct fuse_uring_cmd_req *req = (void *)sqe->cmd;

	sqe->opcode = IORING_OP_URING_CMD;
	sqe->flags = IOSQE_FIXED_FILE;
	sqe->cmd_op = op;
	sqe->user_data = (uintptr_t)e;
	if (op == FUSE_IO_URING_CMD_REGISTER) {
		sqe->addr = (uintptr_t)e->iov;
		sqe->len = 2;
	}
	req->qid = e->cpu;
	req->commit_id = commit_id;
}

static void queue_stop(struct uring_server *s)
{
	io_uring_prep_poll_add(next_sqe(s), s->u->stopfd, POLLIN);
}

/* One event: *ret_entry has a request, or is NULL.  What the kernel says of an
 * entry may be an error. */
static int take_event(struct uring_server *s, struct uring_entry **ret_entry)
{
	struct io_uring_cqe *cqe;
	int r = 0;

	*ret_entry = NULL;
	if (io_uring_peek_cqe(&s->io, &cqe) < 0)
		return 0;
	if (!cqe->user_data)
		s->stop = true;
	else if (cqe->res < 0)
		r = cqe->res;
	else
		*ret_entry = (void *)(uintptr_t)cqe->user_data;
	io_uring_cqe_seen(&s->io, cqe);
	return r;
}

/* Submits and waits; for a while if there is something to do when nothing
 * comes. */
static int wait_event(struct uring_server *s)
{
	struct __kernel_timespec ts = { .tv_sec = TRIM_SECONDS };
	struct io_uring_cqe *cqe;
	int r;

	if (!s->entry || !s->entry->large) {
		r = io_uring_submit_and_wait(&s->io, 1);
	} else {
		r = io_uring_submit_and_wait_timeout(&s->io, &cqe, 1, &ts,
						     NULL);
		if (r == -ETIME)
			uring_entry_trim(s->entry);
	}
	if (r == -EAGAIN || r == -EBUSY)
		usleep(1000); /* the kernel is short of memory */
	else if (r < 0 && r != -EINTR && r != -ETIME)
		return r;
	return 0;
}

static void serve(struct uring_server *s, struct uring_entry *e)
{
	uint64_t commit_id = uring_entry_serve(e, s->u->se);

	queue_command(s, FUSE_IO_URING_CMD_COMMIT_AND_FETCH, e, commit_id);
}

/*
 * A spare entry gets a request when all threads of its CPU are busy, which may
 * take long: so a new thread gets it.  By its commit the entry becomes that
 * thread's, and from then on comes before the spare ones, because the kernel
 * takes the one that was committed last.
 */
static void serve_spare(struct uring_server *s, struct uring_entry *e)
{
	int r = uring_add_server(s->u, e);

	if (r == 0)
		return;
	if (r != -ESHUTDOWN)
		log_warning(r, "starting a thread for CPU %u", e->cpu);
	serve(s, e);
}

static void serve_all(struct uring_server *s)
{
	struct uring_entry *e = NULL;
	int r = 0;

	while (r == 0 && !s->stop) {
		r = wait_event(s);
		while (r == 0 && !s->stop) {
			r = take_event(s, &e);
			if (!e)
				break;
			if (s->entry)
				serve(s, e);
			else
				serve_spare(s, e);
		}
	}
	/* The last reply. */
	if (r == 0)
		r = io_uring_submit(&s->io);
	/* The end of the connection is no error. */
	if (r < 0 && r != -ENOTCONN && r != -ECONNABORTED)
		log_error(r, "serving the requests of CPU %u", s->cpu);
}

static int register_entries(struct uring_server *s)
{
	struct uring *u = s->u;
	struct io_uring_cqe *cqe;
	struct uring_entry *e;
	unsigned head;
	int r;

	if (s->entry)
		queue_command(s, FUSE_IO_URING_CMD_REGISTER, s->entry, 0);
	for (unsigned i = 0; !s->entry && i < u->ncpus; i++) {
		e = u->entries + (size_t)i * (1 + u->nspare);
		for (unsigned n = 1; n <= u->nspare; n++)
			queue_command(s, FUSE_IO_URING_CMD_REGISTER, e + n, 0);
	}
	do
		r = io_uring_submit(&s->io);
	while (r == -EINTR);
	if (r < 0)
		return r;
	/* Refusals are there at once.  Requests may be, too: they stay. */
	io_uring_for_each_cqe (&s->io, head, cqe)
		if (cqe->user_data && cqe->res < 0)
			return cqe->res;
	return 0;
}

/* A thread that is there before INIT: opens, waits for it, registers. */
static int begin(struct uring_server *s)
{
	struct uring *u = s->u;
	int r;

	uring_report(u, 0, NULL);
	if (!uring_await(u, s->entry ? URING_STARTED : URING_RESERVED))
		return -ESHUTDOWN;
	r = register_entries(s);
	uring_report(u, r, "registering with the kernel");
	return r;
}

void *uring_server_run(void *arg)
{
	struct uring_server *s = arg;
	int r;

	if (s->entry)
		pin(s->cpu);
	r = open_ring(s);
	if (s->first && r < 0)
		uring_report(s->u, r, "io_uring");
	if (!s->first)
		uring_opened(s, r);
	if (r < 0)
		return NULL;
	queue_stop(s);
	if (s->first)
		r = begin(s);
	else
		serve(s, s->entry);
	if (r == 0)
		serve_all(s);
	io_uring_queue_exit(&s->io);
	return NULL;
}
