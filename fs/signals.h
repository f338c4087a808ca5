/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGTERM, SIGINT and SIGHUP end a mount, with what programs wrote through
 * memory maps still written back: a thread waits for them, syncs the mount
 * while it is still served, and then ends the session.  A second signal kills.
 *
 * Thread safety: main thread only.  Ownership: signals_stop() frees.  Errors:
 * negative errno.
 */
#ifndef STENCIL_FS_SIGNALS_H
#define STENCIL_FS_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

struct fuse_session;
struct signals;

/* Before the first thread: threads inherit that these signals are blocked.
 * In the foreground signals that the caller ignores stay ignored. */
int signals_block(bool foreground);

/* `mountpoint` must stay; `id` is the mount that it shows.  The calling thread
 * is the one that will run the session's loop. */
int signals_start(struct signals **ret, struct fuse_session *se,
		  const char *mountpoint, uint64_t id);

/* After the connection is closed, before the session is destroyed.  NULL is
 * allowed. */
void signals_stop(struct signals *s);

#endif
