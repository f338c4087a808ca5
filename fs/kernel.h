/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seam between libfuse and the kernel.  Every request and reply of a
 * session passes here (fuse_session_custom_io), because libfuse 3.14 knows
 * neither all flags nor all operations that the kernel offers:
 *
 *  - the INIT reply gets the flags that libfuse does not know;
 *  - TMPFILE becomes CREATE with the name "/", which no path can hold;
 *  - the KILL_SUIDGID flags and the extended SETXATTR layout are taken out of
 *    the request and kept for its handler.
 *
 * Thread safety: kernel_attach() once before the loop; kernel_request() from
 * any handler, about the request that the calling thread is serving.
 * Ownership: nothing is handed over.  Errors: negative errno.
 */
#ifndef STENCIL_FS_KERNEL_H
#define STENCIL_FS_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

struct fuse_session;

/* What the request says beyond what libfuse passes on. */
struct kernel_request {
	uint32_t opcode;       /* as the kernel sent it */
	bool kill_suidgid;     /* OPEN, CREATE, WRITE, SETATTR: drop S_ISUID and,
				  with group execute, S_ISGID */
	bool acl_kill_sgid;    /* SETXATTR of an access ACL: drop S_ISGID */
};

#define KERNEL_TMPFILE_NAME "/"

/* Takes over the session's input and output.  Call after fuse_session_mount()
 * and before the loop. */
int kernel_attach(struct fuse_session *se);

/* Of the request that this thread is serving. */
const struct kernel_request *kernel_request(void);

#endif
