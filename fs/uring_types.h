/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What uring.c, uring_server.c and uring_entry.c share.  Each field says what
 * protects it.
 */
#ifndef STENCIL_FS_URING_TYPES_H
#define STENCIL_FS_URING_TYPES_H

#include <liburing.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct fuse_session;
struct uring_server;

/*
 * Memory for one request and its reply.  Belongs to the thread that submitted
 * it last, or that has been given the request in it.
 */
struct uring_entry {
	unsigned cpu;		      /* its queue; immutable */
	struct fuse_uring_req_header *header; /* a page; immutable */
	char *payload;		      /* behind that page; immutable */
	size_t size;		      /* of the payload; immutable */
	struct iovec iov[2];	      /* both, for the kernel; immutable */
	uint64_t unique;	      /* of the request that is served */
	bool replied;
	bool large;		      /* much of the payload has been used */
};

enum uring_phase { URING_OPENED, URING_RESERVED, URING_STARTED, URING_STOPPED };

struct uring {
	struct fuse_session *se; /* immutable */
	int fd;			 /* /dev/fuse; immutable */
	int stopfd;		 /* readable: the threads are to end */
	unsigned ncpus;		 /* immutable */
	unsigned nspare;	 /* reserved entries of each CPU; immutable */
	char *map;		 /* of all entries; immutable once started */
	size_t map_size;
	struct uring_entry *entries; /* of each CPU its first, then the spare */
	pthread_mutex_t lock;
	pthread_cond_t changed;	 /* of the fields below, which it protects */
	enum uring_phase phase;
	unsigned waiting;	 /* threads that have not reported */
	int error;		 /* of the first that failed */
	const char *why;
	struct uring_server *servers;
};

/* A thread with its ring; all the thread's own but `next`. */
struct uring_server {
	struct uring *u;
	struct uring_server *next; /* u->lock */
	pthread_t thread;
	struct io_uring io;
	unsigned cpu;
	bool first;		   /* of its CPU: there before INIT */
	struct uring_entry *entry; /* NULL: it has all the spare ones */
	bool stop;
	int opened;		   /* 1, or why not; u->lock */
};

/* The life of a thread that serves; arg is the struct uring_server. */
void *uring_server_run(void *arg);

/* Starts a thread for the request in the entry; -ESHUTDOWN in the last phase.
 * The entry stays the caller's if it fails. */
int uring_add_server(struct uring *u, struct uring_entry *e);

/*
 * For the threads that are there before INIT.  Each reports twice: that it
 * could open its ring, or why not, and that its entries are registered, or why
 * not.  In between it waits for its phase; false: there will be none.
 */
void uring_report(struct uring *u, int err, const char *why);
bool uring_await(struct uring *u, enum uring_phase phase);

/* For the other threads: whether it could open its ring (0). */
void uring_opened(struct uring_server *s, int err);

/* Serves the request in the entry, and leaves the reply there.  Returns the id
 * to commit it by. */
uint64_t uring_entry_serve(struct uring_entry *e, struct fuse_session *se);

/* Gives memory back that large requests have used. */
void uring_entry_trim(struct uring_entry *e);

#endif
