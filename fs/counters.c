// SPDX-License-Identifier: Apache-2.0
#include "fs/counters.h"

#include <linux/fuse.h>
#include <stddef.h>

static atomic_ulong requests[COUNTERS_OPCODES];

static const char *const opcode_names[COUNTERS_OPCODES] = {
	[FUSE_LOOKUP] = "lookup",
	[FUSE_FORGET] = "forget",
	[FUSE_GETATTR] = "getattr",
	[FUSE_SETATTR] = "setattr",
	[FUSE_READLINK] = "readlink",
	[FUSE_SYMLINK] = "symlink",
	[FUSE_MKNOD] = "mknod",
	[FUSE_MKDIR] = "mkdir",
	[FUSE_UNLINK] = "unlink",
	[FUSE_RMDIR] = "rmdir",
	[FUSE_RENAME] = "rename",
	[FUSE_LINK] = "link",
	[FUSE_OPEN] = "open",
	[FUSE_READ] = "read",
	[FUSE_WRITE] = "write",
	[FUSE_STATFS] = "statfs",
	[FUSE_RELEASE] = "release",
	[FUSE_FSYNC] = "fsync",
	[FUSE_SETXATTR] = "setxattr",
	[FUSE_GETXATTR] = "getxattr",
	[FUSE_LISTXATTR] = "listxattr",
	[FUSE_REMOVEXATTR] = "removexattr",
	[FUSE_FLUSH] = "flush",
	[FUSE_INIT] = "init",
	[FUSE_OPENDIR] = "opendir",
	[FUSE_READDIR] = "readdir",
	[FUSE_RELEASEDIR] = "releasedir",
	[FUSE_FSYNCDIR] = "fsyncdir",
	[FUSE_ACCESS] = "access",
	[FUSE_CREATE] = "create",
	[FUSE_INTERRUPT] = "interrupt",
	[FUSE_DESTROY] = "destroy",
	[FUSE_IOCTL] = "ioctl",
	[FUSE_BATCH_FORGET] = "batch_forget",
	[FUSE_FALLOCATE] = "fallocate",
	[FUSE_READDIRPLUS] = "readdirplus",
	[FUSE_RENAME2] = "rename2",
	[FUSE_LSEEK] = "lseek",
	[FUSE_COPY_FILE_RANGE] = "copy_file_range",
	[FUSE_SYNCFS] = "syncfs",
	[FUSE_TMPFILE] = "tmpfile",
	[52] = "statx", /* FUSE_STATX since 7.39 */
};

static const char *const cause_names[CAUSE_MAX] = {
	[CAUSE_OPEN] = "open",	     [CAUSE_TRUNCATE] = "truncate",
	[CAUSE_SETATTR] = "setattr", [CAUSE_XATTR] = "xattr",
	[CAUSE_FLAGS] = "flags",     [CAUSE_NAMES] = "names",
};

static unsigned long get(const atomic_ulong *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

void counters_request(uint32_t opcode)
{
	/* 0 is no opcode: it counts what has no name here. */
	counters_add(&requests[opcode < COUNTERS_OPCODES ? opcode : 0], 1);
}

unsigned long counters_requests(uint32_t opcode)
{
	return opcode < COUNTERS_OPCODES ? get(&requests[opcode]) : 0;
}

static int requests_json(struct bytes *ret)
{
	int r = bytes_adds(ret, "\"requests\":{");
	unsigned long all = 0, n;

	for (unsigned i = 0; !r && i < COUNTERS_OPCODES; i++) {
		n = get(&requests[i]);
		all += n;
		if (n)
			r = bytes_addf(ret, "\"%s\":%lu,",
				       opcode_names[i] ?: "other", n);
	}
	return r ? r : bytes_addf(ret, "\"all\":%lu}", all);
}

int counters_json(const struct counters *c, struct bytes *ret)
{
	int r = requests_json(ret);

	if (!r)
		r = bytes_addf(ret,
			       ",\"opens\":{\"passthrough\":%lu,\"cached\":%lu,"
			       "\"stale\":%lu},\"breaks\":{"
			       "\"data\":%lu,\"attributes\":%lu,"
			       "\"directories\":%lu,\"by\":{",
			       get(&c->opens_passthrough),
			       get(&c->opens_cached), get(&c->opens_stale),
			       get(&c->breaks_data), get(&c->breaks_meta),
			       get(&c->breaks_dir));
	for (unsigned i = 0; !r && i < CAUSE_MAX; i++)
		r = bytes_addf(ret, "%s\"%s\":%lu", i ? "," : "",
			       cause_names[i], get(&c->breaks_by[i]));
	if (!r)
		r = bytes_addf(ret,
			       "}},\"bytes\":{\"copied\":%lu,\"reflinked\":%lu,"
			       "\"avoided\":%lu}",
			       get(&c->bytes_copied), get(&c->bytes_reflinked),
			       get(&c->bytes_avoided));
	return r;
}
