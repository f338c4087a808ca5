// SPDX-License-Identifier: Apache-2.0
#include "fs/kernel.h"

#include <errno.h>
#include <fuse_lowlevel.h>
#include <stdatomic.h>
#include <string.h>

#include "fs/counters.h"
#include "fs/kernel_format.h"

/* Taken where the kernel offers it and libfuse 3.14 has no word for it. */
#define WANTED                                                                 \
	(FUSE_HANDLE_KILLPRIV_V2 | FUSE_SETXATTR_EXT |                         \
	 FUSE_DIRECT_IO_ALLOW_MMAP | FUSE_ALLOW_IDMAP)

/*
 * The process's one connection.  Atomic, because the thread that serves INIT
 * writes and the others read; the kernel sends nothing else before it has the
 * reply to INIT, so order is not a question.
 */
static struct {
	atomic_ullong wanted;	   /* flags beside WANTED */
	atomic_ullong init_unique; /* of the INIT being served, else 0 */
	atomic_ullong offered;	   /* flags of that INIT */
	atomic_bool setxattr_ext;  /* SETXATTR comes in the long layout */
} conn;

static __thread struct kernel_request current;
static __thread uint32_t pass_through; /* of the next reply, or 0 */

const struct kernel_request *kernel_request(void)
{
	return &current;
}

void kernel_want(uint64_t flags)
{
	atomic_fetch_or(&conn.wanted, flags);
}

uint64_t kernel_offered(void)
{
	return atomic_load(&conn.offered);
}

void kernel_pass_through(uint32_t backing_id)
{
	pass_through = backing_id;
}

static void receive_init(const struct fuse_in_header *in, const void *arg,
			 size_t len)
{
	struct fuse_init_in init = { 0 };
	uint64_t flags;

	memcpy(&init, arg, len < sizeof(init) ? len : sizeof(init));
	flags = init.flags;
	if (flags & FUSE_INIT_EXT)
		flags |= (uint64_t)init.flags2 << 32;
	atomic_store(&conn.offered, flags);
	atomic_store(&conn.init_unique, in->unique);
}

/* Folds the long layout into the short one.  Returns the request's length. */
static size_t receive_setxattr(struct fuse_in_header *in, char *arg,
			       size_t len)
{
	const size_t extra = sizeof(struct fuse_setxattr_in) -
			     FUSE_COMPAT_SETXATTR_IN_SIZE;
	const struct fuse_setxattr_in *long_in = (const void *)arg;

	if (!atomic_load(&conn.setxattr_ext) || len < sizeof(*long_in))
		return sizeof(*in) + len;
	current.acl_kill_sgid =
		long_in->setxattr_flags & FUSE_SETXATTR_ACL_KILL_SGID;
	memmove(arg + FUSE_COMPAT_SETXATTR_IN_SIZE, arg + sizeof(*long_in),
		len - sizeof(*long_in));
	in->len -= extra;
	return sizeof(*in) + len - extra;
}

/* Whether the request is long enough to hold field f of type t. */
#define HAS(t, f, len) \
	((len) >= offsetof(t, f) + sizeof(((t *)NULL)->f))

size_t kernel_receive(void *request, size_t len)
{
	struct fuse_in_header *in = request;
	void *arg = in + 1;
	size_t arglen;

	current = (struct kernel_request){ 0 };
	pass_through = 0;
	if (len < sizeof(*in))
		return len;
	arglen = len - sizeof(*in);
	current.opcode = in->opcode;
	counters_request(in->opcode);

	switch (in->opcode) {
	case FUSE_INIT:
		receive_init(in, arg, arglen);
		break;
	case FUSE_SETXATTR:
		return receive_setxattr(in, arg, arglen);
	case FUSE_WRITE:
		if (HAS(struct fuse_write_in, write_flags, arglen))
			current.kill_suidgid =
				((struct fuse_write_in *)arg)->write_flags &
				FUSE_WRITE_KILL_SUIDGID;
		break;
	case FUSE_SETATTR:
		if (HAS(struct fuse_setattr_in, valid, arglen))
			current.kill_suidgid =
				((struct fuse_setattr_in *)arg)->valid &
				FATTR_KILL_SUIDGID;
		break;
	case FUSE_OPEN:
		if (HAS(struct fuse_open_in, open_flags, arglen))
			current.kill_suidgid =
				((struct fuse_open_in *)arg)->open_flags &
				FUSE_OPEN_KILL_SUIDGID;
		break;
	case FUSE_TMPFILE:
		/* Same layout; the kernel sends "/" as the name. */
		in->opcode = FUSE_CREATE;
		/* fall through */
	case FUSE_CREATE:
		if (HAS(struct fuse_create_in, open_flags, arglen))
			current.kill_suidgid =
				((struct fuse_create_in *)arg)->open_flags &
				FUSE_OPEN_KILL_SUIDGID;
		break;
	}
	return len;
}

/* The answer to OPEN is the end of that to CREATE, too. */
static void reply_open(const struct iovec *iov)
{
	char *out = (char *)iov->iov_base + iov->iov_len -
		    sizeof(struct fuse_open_out);
	uint32_t flags;

	memcpy(&flags, out + offsetof(struct fuse_open_out, open_flags),
	       sizeof(flags));
	flags |= FOPEN_PASSTHROUGH;
	memcpy(out + offsetof(struct fuse_open_out, open_flags), &flags,
	       sizeof(flags));
	memcpy(out + KERNEL_OPEN_BACKING_ID, &pass_through,
	       sizeof(pass_through));
}

bool kernel_reply(const struct iovec *iov, int count,
		  struct fuse_init_out *ret_init)
{
	const struct fuse_out_header *out = iov[0].iov_base;
	uint64_t unique = atomic_load(&conn.init_unique);
	const uint32_t depth = 1; /* others can be stacked on us */
	uint64_t add;

	if (pass_through && count == 2 && !out->error &&
	    iov[1].iov_len >= sizeof(struct fuse_open_out))
		reply_open(&iov[1]);
	pass_through = 0;
	if (!unique || iov[0].iov_len != sizeof(*out) || out->unique != unique)
		return false;
	atomic_store(&conn.init_unique, 0);
	/* An error, or a kernel older than flags2. */
	if (out->error || count != 2 || iov[1].iov_len != sizeof(*ret_init))
		return false;

	memcpy(ret_init, iov[1].iov_base, sizeof(*ret_init));
	add = (WANTED | atomic_load(&conn.wanted)) & atomic_load(&conn.offered);
	ret_init->flags |= (uint32_t)add;
	if (add >> 32) {
		ret_init->flags |= FUSE_INIT_EXT;
		ret_init->flags2 |= add >> 32;
	}
	if (add & FUSE_PASSTHROUGH)
		memcpy((char *)ret_init + KERNEL_INIT_STACK_DEPTH, &depth,
		       sizeof(depth));
	atomic_store(&conn.setxattr_ext,
		     (ret_init->flags & FUSE_SETXATTR_EXT) != 0);
	return true;
}
