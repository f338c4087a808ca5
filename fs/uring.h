/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FUSE over io_uring (Linux 6.14): a request wakes a thread on the CPU where
 * it was made, and one system call answers it and waits for the next.
 *
 * The kernel has one queue for each possible CPU, and serves by them once all
 * have an entry.  An entry is a buffer for one request; the kernel takes the
 * one that was committed last.  The thread that submitted an entry brings its
 * request.  So each thread has one entry and a ring of its own, and is pinned
 * to its CPU; while it works on something long, its entry is not there.
 *
 * One thread more has spare entries of all CPUs, which the kernel takes when
 * the others are in use.  It never works on a request itself: each goes, with
 * its entry, to a new thread.  So a long request makes no other wait, until the
 * spare entries of a CPU are used up (uring.c says how many there are).
 *
 * /dev/fuse must be read all the same: INIT, FORGET and INTERRUPT come there.
 *
 * Thread safety: main thread, but for uring_reply(), which is for the thread
 * that serves.  Ownership: uring_stop() frees.  Errors: negative errno, and
 * *ret_why then names what failed (static).
 */
#ifndef STENCIL_FS_URING_H
#define STENCIL_FS_URING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

struct fuse_init_out;
struct fuse_session;
struct uring;

/* Whether the kernel would serve it, before it is asked. */
int uring_probe(const char **ret_why);

/* Starts a thread with a ring for each possible CPU.  Before INIT: there is no
 * way back once the kernel has been told. */
int uring_open(struct uring **ret, struct fuse_session *se,
	       const char **ret_why);

/* Registers the queues.  After INIT.  On failure the kernel goes on by
 * /dev/fuse. */
int uring_start(struct uring *u, const struct fuse_init_out *init,
		const char **ret_why);

/*
 * Ends the threads and lets go of the connection.  Requests that come from now
 * on fail once /dev/fuse is closed.  NULL is allowed.
 */
void uring_stop(struct uring *u);

/* Takes the reply if it is to the request that this thread got by a ring. */
bool uring_reply(const struct iovec *iov, int count, ssize_t *ret);

#endif
