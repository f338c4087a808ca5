/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How requests come from the kernel and replies go back: the session's input
 * and output, and its loop.
 *
 * Thread safety: main thread only, but for transport_name() and
 * transport_reason(), which say what was settled by transport_open().
 * Ownership: transport_free() frees.  Errors: negative errno, logged.
 */
#ifndef STENCIL_FS_TRANSPORT_H
#define STENCIL_FS_TRANSPORT_H

#include "fs/options.h"

struct fuse_session;
struct transport;

/*
 * Takes over the session's input and output, answers the kernel's first
 * request and starts what serves beside the loop.  After fuse_session_mount(),
 * before other threads.  -EOPNOTSUPP if io_uring is demanded but not to be had.
 */
int transport_open(struct transport **ret, struct fuse_session *se,
		   enum transport_choice choice);

/* Serves until the session ends. */
int transport_loop(struct transport *t);

/* Ends what serves beside the loop, after which the connection dies with the
 * session.  Before the session is unmounted.  NULL is allowed. */
void transport_stop(struct transport *t);

/* After transport_stop(); NULL is allowed. */
void transport_free(struct transport *t);

/* "classic" or "uring". */
const char *transport_name(const struct transport *t);

/* Why it is not io_uring; "" if it is. */
const char *transport_reason(const struct transport *t);

#endif
