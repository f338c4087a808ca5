/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What uring.c and uring_server.c share.  Each field says what protects it.
 */
#ifndef STENCIL_FS_URING_TYPES_H
#define STENCIL_FS_URING_TYPES_H

#include <liburing.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fuse_session;

/* The requests of one CPU. */
struct uring_queue {
	struct uring *u;	     /* immutable */
	unsigned cpu;		     /* immutable */
	unsigned nthreads;	     /* u->lock */
	struct uring_server *servers; /* u->lock */
	/* Of the queue's threads, those that wait for a request or are about
	 * to.  Atomic: each thread counts itself. */
	atomic_uint idle;
	/* Of those, the ones that have not committed yet, see revive(). */
	atomic_uint fresh;
};

struct uring {
	struct fuse_session *se; /* immutable */
	int fd;			 /* /dev/fuse; immutable */
	int stopfd;		 /* readable: the threads are to end */
	size_t payload;		 /* of an entry; immutable once started */
	unsigned nqueues;	 /* immutable */
	struct uring_queue *queues;
	pthread_mutex_t lock;
	pthread_cond_t changed;	 /* of the fields below */
	enum uring_phase { URING_OPENED, URING_STARTED, URING_STOPPED } phase;
	unsigned waiting;	 /* threads that have not reached the phase */
	int error;		 /* of the first that cannot */
	const char *why;
};

/* A thread with its ring and its entry; all the thread's own but `next`. */
struct uring_server {
	struct uring_queue *q;
	struct uring_server *next; /* u->lock */
	pthread_t thread;
	bool first;	/* of its queue: there before the ring serves */
	bool fresh;	/* has not committed yet */
	bool pinned;
	bool stop;
	bool replied;
	bool large;	/* the payload's pages beyond KEPT have been used */
	struct io_uring io;
	struct fuse_uring_req_header *header; /* the first page of the map */
	char *payload;			      /* the rest of it */
	struct iovec iov[2];
	uint64_t unique; /* of the request that is served */
};

/* The life of a thread that serves; arg is the struct uring_server. */
void *uring_server_run(void *arg);

/* Another thread for the queue, which has none idle. */
void uring_grow(struct uring_queue *q);

/*
 * For the first thread of a queue.  It reports twice: that it could open its
 * ring, or why not, and that its entry is registered, or why not.  In between
 * it waits for the second phase; false: there will be none.
 */
void uring_report(struct uring *u, int err, const char *why);
bool uring_await_start(struct uring *u);

#endif
