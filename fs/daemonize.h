/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Going to the background in two halves: a fork first, so that the daemon is
 * one process from its first thread on, and the report that it serves at the
 * end, through a pipe.
 *
 * Thread safety: main thread, before there are others.  Ownership: the struct
 * is the caller's.  Errors: negative errno, logged.
 */
#ifndef STENCIL_FS_DAEMONIZE_H
#define STENCIL_FS_DAEMONIZE_H

#include <stdbool.h>
#include <stdint.h>

struct daemonize {
	bool child;	    /* this process is the daemon to be */
	int pipe;	    /* child: where the report goes; or -1 */
	int status;	    /* parent: the exit status */
	uint64_t mount_id;  /* parent: of the new mount, if status is 0 */
};

/*
 * Forks.  The child leaves the caller's session and closes all that it
 * inherited but stderr, which shows why it fails.  The parent returns when the
 * child has reported or exited.
 */
int daemonize_fork(struct daemonize *ret);

/* In the child: lets go of stderr, logs to syslog from now on, and tells the
 * parent which mount to expect. */
int daemonize_report(struct daemonize *d, uint64_t mount_id);

#endif
