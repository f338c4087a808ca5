/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seam between libfuse and the kernel.  Every request and reply of a
 * session passes here (fs/transport.c has them), because libfuse 3.14 knows
 * neither all flags nor all operations that the kernel offers:
 *
 *  - the INIT reply gets the flags that libfuse does not know;
 *  - OPEN and CREATE replies get the file that the kernel is to pass through;
 *  - TMPFILE becomes CREATE with the name "/", which no path can hold;
 *  - the KILL_SUIDGID flags and the extended SETXATTR layout are taken out of
 *    the request and kept for its handler.
 *
 * One of the flags, FUSE_ALLOW_IDMAP, changes what a request says of its
 * caller: uid and gid are those of the new inode in requests that make one
 * (MKNOD, MKDIR, SYMLINK, CREATE, TMPFILE, RENAME with a whiteout) and
 * (uint32_t)-1 in all others, on any mount.
 *
 * Thread safety: kernel_want() before the first request; kernel_request() from
 * any handler, about the request that the calling thread is serving, and
 * kernel_pass_through() too;
 * kernel_receive() and kernel_reply() from any thread.  Ownership: nothing is
 * handed over.  Errors: negative errno.
 */
#ifndef STENCIL_FS_KERNEL_H
#define STENCIL_FS_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct fuse_init_out;

/* What the request says beyond what libfuse passes on. */
struct kernel_request {
	uint32_t opcode;    /* as the kernel sent it */
	bool kill_suidgid;  /* OPEN, CREATE, WRITE, SETATTR: drop S_ISUID and,
			       with group execute, S_ISGID */
	bool acl_kill_sgid; /* SETXATTR of an access ACL: drop S_ISGID */
};

#define KERNEL_TMPFILE_NAME "/"

/* Flags for the reply to INIT, if the kernel offers them.  Before INIT. */
void kernel_want(uint64_t flags);

/* The flags that the kernel offers.  From the handler of INIT on. */
uint64_t kernel_offered(void);

/* The reply that this thread gives next, to OPEN or CREATE, is to have the
 * kernel read and write the file registered as `backing_id`. */
void kernel_pass_through(uint32_t backing_id);

/* Of the request that this thread is serving. */
const struct kernel_request *kernel_request(void);

/*
 * What the session's input and output are put through, whatever transport
 * carries them.  kernel_receive() rewrites a whole request (`len` bytes) into
 * one that libfuse understands and returns its new length.
 */
size_t kernel_receive(void *request, size_t len);

/* Whether the reply in `iov` is that to INIT: *ret_init is then what must be
 * sent in place of iov[1].  Others are changed in place. */
bool kernel_reply(const struct iovec *iov, int count,
		  struct fuse_init_out *ret_init);

#endif
