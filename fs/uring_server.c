// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <errno.h>
#include <fuse_lowlevel.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/log.h"
#include "fs/kernel.h"
#include "fs/kernel_format.h"
#include "fs/uring.h"
#include "fs/uring_types.h"

#define PAGE 4096

/* In the first page of the map, behind the header: where a request is put
 * together.  What does not fit stays in the payload, with its head before it,
 * at the end of this page. */
#define SMALL_AT 512
#define SMALL_MAX (PAGE - SMALL_AT)

/* Of a payload that was used, what stays when the thread has nothing to do. */
#define KEPT (16 * PAGE)
#define KEEP_SECONDS 5

#define REVIVE_NS 1000000

enum { EVENT_ENTRY, EVENT_STOP };

static __thread struct uring_server *serving;

static void pin(struct uring_server *s)
{
	cpu_set_t *set = CPU_ALLOC(s->q->cpu + 1);
	size_t size = CPU_ALLOC_SIZE(s->q->cpu + 1);

	if (!set)
		return;
	CPU_ZERO_S(size, set);
	CPU_SET_S(s->q->cpu, size, set);
	/* Fails for a CPU that is off or not for us: it is slower then. */
	s->pinned = !pthread_setaffinity_np(pthread_self(), size, set);
	CPU_FREE(set);
}

static int open_ring(struct uring_server *s)
{
	/* Requests are copied into our memory when this thread asks for them,
	 * and do not interrupt what it does. */
	struct io_uring_params p = {
		.flags = IORING_SETUP_SQE128 | IORING_SETUP_SINGLE_ISSUER |
			 IORING_SETUP_DEFER_TASKRUN,
	};
	int r = io_uring_queue_init_params(2, &s->io, &p);

	if (r < 0)
		return r;
	r = io_uring_register_files(&s->io, &s->q->u->fd, 1);
	if (r < 0)
		io_uring_queue_exit(&s->io);
	return r;
}

static void map_entry(struct uring_server *s)
{
	const size_t size = PAGE + s->q->u->payload;
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	/* Without memory the entry is registered with none: so the kernel
	 * learns that this queue will not come. */
	if (map == MAP_FAILED)
		return;
	/* One large page would cost every mount two megabytes. */
	madvise(map, size, MADV_NOHUGEPAGE);
	s->header = (void *)map;
	s->payload = map + PAGE;
	s->iov[0] = (struct iovec){ s->header, sizeof(*s->header) };
	s->iov[1] = (struct iovec){ s->payload, s->q->u->payload };
}

static struct io_uring_sqe *next_sqe(struct uring_server *s)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&s->io);

	/* One command and one poll at a time: there is room. */
	assert(sqe);
	memset(sqe, 0, 2 * sizeof(*sqe));
	return sqe;
}

static void queue_command(struct uring_server *s, enum fuse_uring_cmd op,
			  uint64_t commit_id)
{
	struct io_uring_sqe *sqe = next_sqe(s);
	struct fuse_uring_cmd_req *req = (void *)sqe->cmd;

	sqe->opcode = IORING_OP_URING_CMD;
	sqe->flags = IOSQE_FIXED_FILE;
	sqe->cmd_op = op;
	sqe->user_data = EVENT_ENTRY;
	if (op == FUSE_IO_URING_CMD_REGISTER) {
		sqe->addr = (uintptr_t)s->iov;
		sqe->len = 2;
	}
	req->qid = s->q->cpu;
	req->commit_id = commit_id;
}

static void queue_stop(struct uring_server *s)
{
	struct io_uring_sqe *sqe = next_sqe(s);

	io_uring_prep_poll_add(sqe, s->q->u->stopfd, POLLIN);
	sqe->user_data = EVENT_STOP;
}

/* What the kernel says of the entry: positive if there is a request. */
static int take_events(struct uring_server *s)
{
	struct io_uring_cqe *cqe;
	unsigned head, n = 0;
	int r = 0;

	io_uring_for_each_cqe (&s->io, head, cqe) {
		n++;
		if (cqe->user_data == EVENT_STOP)
			s->stop = true;
		else
			r = cqe->res ? cqe->res : 1;
	}
	io_uring_cq_advance(&s->io, n);
	return r;
}

static int register_entry(struct uring_server *s)
{
	int r;

	map_entry(s);
	queue_stop(s);
	queue_command(s, FUSE_IO_URING_CMD_REGISTER, 0);
	do
		r = io_uring_submit(&s->io);
	while (r == -EINTR);
	if (r < 0)
		return r;
	/* A refusal is there at once, a request is not taken before we wait. */
	r = take_events(s);
	return r < 0 ? r : 0;
}

/*
 * Requests that came while all entries of the queue were in use wait for the
 * next commit: a new entry does not take them.  If that may be so, the kernel
 * is asked to make a request on this CPU, which the new entry will get: with
 * its commit the waiting ones follow.
 *
 * It is not so if any older thread of the queue is idle: its last commit has
 * found none.
 */
static void revive(struct uring_server *s)
{
	const struct fuse_notify_retrieve_out arg = {
		.notify_unique = 1ULL << 62,
		.nodeid = FUSE_ROOT_ID,
	};
	const struct fuse_out_header out = {
		.len = sizeof(out) + sizeof(arg),
		.error = FUSE_NOTIFY_RETRIEVE,
	};
	const struct iovec iov[2] = { { (void *)&out, sizeof(out) },
				      { (void *)&arg, sizeof(arg) } };
	struct uring_queue *q = s->q;

	if (atomic_load(&q->idle) > atomic_load(&q->fresh) || !s->pinned)
		return;
	if (writev(q->u->fd, iov, 2) < 0 && errno != ENODEV &&
	    errno != ENOTCONN)
		log_warning(-errno, "reviving the queue of CPU %u", q->cpu);
}

static void not_fresh(struct uring_server *s)
{
	if (s->fresh) {
		s->fresh = false;
		atomic_fetch_sub(&s->q->fresh, 1);
	}
}

/* For a while, if there is something to do when nothing comes. */
static int submit_and_wait_briefly(struct uring_server *s)
{
	struct __kernel_timespec ts = { .tv_sec = KEEP_SECONDS };
	struct io_uring_cqe *cqe;
	int r;

	if (s->fresh)
		ts = (struct __kernel_timespec){ .tv_nsec = REVIVE_NS };
	r = io_uring_submit_and_wait_timeout(&s->io, &cqe, 1, &ts, NULL);
	if (r != -ETIME)
		return r;
	if (s->fresh) {
		revive(s);
		not_fresh(s);
	} else {
		madvise(s->payload + KEPT, s->iov[1].iov_len - KEPT,
			MADV_DONTNEED);
		s->large = false;
	}
	return 0;
}

/* As take_events(), but waits for one. */
static int next_event(struct uring_server *s)
{
	int r;

	if (s->stop) {
		r = io_uring_submit(&s->io);
		return r < 0 ? r : 0;
	}
	do {
		if (s->fresh || s->large)
			r = submit_and_wait_briefly(s);
		else
			r = io_uring_submit_and_wait(&s->io, 1);
		if (r == -EAGAIN || r == -EBUSY)
			usleep(1000); /* the kernel is short of memory */
		else if (r < 0 && r != -EINTR)
			return r;
		r = take_events(s);
	} while (r == 0 && !s->stop);
	return r;
}

/* Makes of header and payload what read(2) from /dev/fuse would have given. */
static void *build_request(struct uring_server *s, size_t *ret_len)
{
	const struct fuse_in_header *in = (void *)s->header->in_out;
	const size_t payload = s->header->ring_ent_in_out.payload_sz;
	const size_t head = in->len - payload;
	char *at = (char *)s->header + SMALL_AT;

	if (in->len <= SMALL_MAX)
		memcpy(at + head, s->payload, payload);
	else
		at = s->payload - head;
	memcpy(at, in, sizeof(*in));
	memcpy(at + sizeof(*in), s->header->op_in, head - sizeof(*in));
	s->large |= payload > KEPT;
	s->unique = in->unique;
	*ret_len = in->len;
	return at;
}

bool uring_reply(const struct iovec *iov, int count, ssize_t *ret)
{
	const struct fuse_out_header *out = iov[0].iov_base;
	struct uring_server *s = serving;
	size_t len = 0;

	/* Notifications and replies to INTERRUPT are for /dev/fuse. */
	if (!s || s->replied || out->unique != s->unique)
		return false;
	for (int i = 1; i < count; i++) {
		if (iov[i].iov_len > s->iov[1].iov_len - len) {
			errno = EINVAL;
			*ret = -1;
			return true;
		}
		memcpy(s->payload + len, iov[i].iov_base, iov[i].iov_len);
		len += iov[i].iov_len;
	}
	memcpy(s->header->in_out, out, sizeof(*out));
	s->header->ring_ent_in_out.payload_sz = len;
	s->large |= len > KEPT;
	s->replied = true;
	*ret = sizeof(*out) + len;
	return true;
}

static void reply_nothing(struct uring_server *s, int error)
{
	const struct fuse_out_header out = {
		.len = sizeof(out), .error = error, .unique = s->unique
	};

	memcpy(s->header->in_out, &out, sizeof(out));
	s->header->ring_ent_in_out.payload_sz = 0;
}

static void serve(struct uring_server *s)
{
	const uint64_t commit_id = s->header->ring_ent_in_out.commit_id;
	const struct fuse_in_header *in = (void *)s->header->in_out;
	struct fuse_buf buf = { 0 };

	/* Before anything that may take long. */
	if (atomic_fetch_sub(&s->q->idle, 1) == 1)
		uring_grow(s->q);
	not_fresh(s);
	s->replied = false;
	if (in->opcode == FUSE_NOTIFY_REPLY) {
		s->unique = in->unique; /* from revive() */
		reply_nothing(s, 0);
	} else {
		buf.mem = build_request(s, &buf.size);
		buf.size = kernel_receive(buf.mem, buf.size);
		fuse_session_process_buf(s->q->u->se, &buf);
		if (!s->replied)
			reply_nothing(s, -EIO);
	}
	atomic_fetch_add(&s->q->idle, 1);
	queue_command(s, FUSE_IO_URING_CMD_COMMIT_AND_FETCH, commit_id);
}

static void serve_all(struct uring_server *s)
{
	int r;

	s->fresh = !s->first;
	atomic_fetch_add(&s->q->fresh, s->fresh);
	atomic_fetch_add(&s->q->idle, 1);
	serving = s;
	while ((r = next_event(s)) > 0)
		serve(s);
	serving = NULL;
	not_fresh(s);
	atomic_fetch_sub(&s->q->idle, 1);
	/* The end of the connection is no error. */
	if (r < 0 && r != -ENOTCONN && r != -ECONNABORTED)
		log_error(r, "serving the requests of CPU %u", s->q->cpu);
}

/* Opens, waits for the others, registers; returns whether to serve. */
static bool begin(struct uring_server *s, bool *ret_opened)
{
	struct uring *u = s->q->u;
	int r = open_ring(s);

	*ret_opened = r == 0;
	if (s->first) {
		uring_report(u, r, "io_uring");
		if (r < 0 || !uring_await_start(u))
			return false;
	}
	if (r == 0)
		r = register_entry(s);
	if (s->first)
		uring_report(u, r, "registering with the kernel");
	else if (r < 0 && r != -ENOTCONN && r != -ECONNABORTED)
		log_warning(r, "one more ring for CPU %u", s->q->cpu);
	return r == 0;
}

void *uring_server_run(void *arg)
{
	struct uring_server *s = arg;
	bool opened;

	pin(s);
	if (begin(s, &opened))
		serve_all(s);
	if (opened)
		io_uring_queue_exit(&s->io);
	if (s->header)
		munmap(s->header, PAGE + s->iov[1].iov_len);
	return NULL;
}
