// SPDX-License-Identifier: Apache-2.0
#include "fs/kernel.h"

#include "tests/unit/unit.h"

#include <errno.h>

#include "fs/kernel_format.h"

/* A request as it comes from the kernel: header, argument, names. */
struct request {
	struct fuse_in_header in;
	char arg[256];
};

static size_t make(struct request *r, uint32_t opcode, const void *arg,
		   size_t arglen, const void *tail, size_t taillen)
{
	memset(r, 0, sizeof(*r));
	memcpy(r->arg, arg, arglen);
	memcpy(r->arg + arglen, tail, taillen);
	r->in.len = sizeof(r->in) + arglen + taillen;
	r->in.opcode = opcode;
	r->in.unique = 42;
	r->in.nodeid = 7;
	return r->in.len;
}

/* The INIT exchange, with what the kernel offers and libfuse answers. */
static bool init(uint64_t offered, const struct fuse_init_out *answer,
		 int32_t error, struct fuse_init_out *ret)
{
	struct fuse_init_in arg = { .major = 7, .minor = 45,
				    .flags = (uint32_t)offered,
				    .flags2 = offered >> 32 };
	struct fuse_out_header out = { .unique = 42, .error = error };
	struct iovec iov[2] = {
		{ &out, sizeof(out) },
		{ (void *)answer, sizeof(*answer) },
	};
	struct request r;
	size_t len = make(&r, FUSE_INIT, &arg, sizeof(arg), "", 0);

	assert_int_equal(kernel_receive(&r, len), len);
	return kernel_reply(iov, error ? 1 : 2, ret);
}

#define ALL                                                                    \
	(FUSE_INIT_EXT | FUSE_HANDLE_KILLPRIV_V2 | FUSE_SETXATTR_EXT |         \
	 FUSE_ALLOW_IDMAP | FUSE_DIRECT_IO_ALLOW_MMAP)

static void test_init_adds_offered(void **state)
{
	const struct fuse_init_out answer = { .major = 7, .minor = 38,
					      .flags = FUSE_ASYNC_READ,
					      .max_write = 123456 };
	struct fuse_init_out got;

	assert_true(init(ALL | FUSE_WRITEBACK_CACHE, &answer, 0, &got));
	assert_int_equal(got.flags, FUSE_ASYNC_READ | FUSE_INIT_EXT |
				    FUSE_HANDLE_KILLPRIV_V2 |
				    FUSE_SETXATTR_EXT);
	assert_int_equal(got.flags2, (FUSE_ALLOW_IDMAP |
				      FUSE_DIRECT_IO_ALLOW_MMAP) >> 32);
	assert_int_equal(got.major, 7);
	assert_int_equal(got.minor, 38);
	assert_int_equal(got.max_write, 123456);
}

static void test_pass_through(void **state)
{
	struct {
		struct fuse_entry_out entry;
		struct fuse_open_out open;
	} created = { .open = { .fh = 5, .open_flags = FOPEN_KEEP_CACHE } };
	struct fuse_out_header out = { .unique = 43 };
	struct iovec iov[2] = { { &out, sizeof(out) },
				{ &created, sizeof(created) } };
	struct fuse_init_out answer = { .major = 7 }, got;
	struct request r;
	uint32_t id, depth;

	kernel_want(FUSE_PASSTHROUGH);
	assert_true(init(ALL | FUSE_PASSTHROUGH, &answer, 0, &got));
	assert_true(got.flags2 & FUSE_PASSTHROUGH >> 32);
	memcpy(&depth, (char *)&got + KERNEL_INIT_STACK_DEPTH, sizeof(depth));
	assert_int_equal(depth, 1);

	/* The next reply of the thread, and no other. */
	kernel_pass_through(77);
	assert_false(kernel_reply(iov, 2, &got));
	memcpy(&id, (char *)&created.open + KERNEL_OPEN_BACKING_ID, sizeof(id));
	assert_int_equal(id, 77);
	assert_int_equal(created.open.open_flags,
			 FOPEN_KEEP_CACHE | FOPEN_PASSTHROUGH);
	assert_int_equal(created.open.fh, 5);
	created.open.open_flags = 0;
	assert_false(kernel_reply(iov, 2, &got));
	assert_int_equal(created.open.open_flags, 0);

	/* An error, and a request that ended otherwise. */
	kernel_pass_through(78);
	out.error = -5;
	assert_false(kernel_reply(iov, 1, &got));
	out.error = 0;
	assert_false(kernel_reply(iov, 2, &got));
	assert_int_equal(created.open.open_flags, 0);
	kernel_pass_through(79);
	kernel_receive(&r, make(&r, FUSE_OPEN, &(struct fuse_open_in){ 0 },
				sizeof(struct fuse_open_in), "", 0));
	assert_false(kernel_reply(iov, 2, &got));
	assert_int_equal(created.open.open_flags, 0);
}

static void test_init_adds_no_more(void **state)
{
	const struct fuse_init_out answer = { .flags = FUSE_ASYNC_READ };
	struct fuse_init_out got;

	assert_true(init(0, &answer, 0, &got));
	assert_int_equal(got.flags, FUSE_ASYNC_READ);
	assert_int_equal(got.flags2, 0);

	/* flags2 means nothing without FUSE_INIT_EXT. */
	assert_true(init(ALL & ~(uint64_t)FUSE_INIT_EXT, &answer, 0, &got));
	assert_int_equal(got.flags2, 0);
	assert_false(got.flags & FUSE_INIT_EXT);

	assert_true(init(FUSE_INIT_EXT | FUSE_ALLOW_IDMAP, &answer, 0, &got));
	assert_int_equal(got.flags, FUSE_ASYNC_READ | FUSE_INIT_EXT);
	assert_int_equal(got.flags2, FUSE_ALLOW_IDMAP >> 32);
}

static void test_other_replies(void **state)
{
	const struct fuse_init_out answer = { .flags = FUSE_ASYNC_READ };
	struct fuse_out_header out = { .unique = 42 };
	struct iovec iov[2] = {
		{ &out, sizeof(out) },
		{ (void *)&answer, sizeof(answer) },
	};
	struct fuse_init_out got;

	/* INIT that fails, and the same number again later. */
	assert_false(init(ALL, &answer, -EPROTO, &got));
	assert_false(kernel_reply(iov, 2, &got));
	assert_true(init(ALL, &answer, 0, &got));
	assert_false(kernel_reply(iov, 2, &got));
	/* Notifications. */
	out.unique = 0;
	assert_false(kernel_reply(iov, 2, &got));
}

static void test_tmpfile(void **state)
{
	const struct fuse_create_in arg = { .flags = 02, .mode = 0100644,
					    .umask = 022 };
	struct request r;
	size_t len = make(&r, FUSE_TMPFILE, &arg, sizeof(arg), "/", 2);

	assert_int_equal(kernel_receive(&r, len), len);
	assert_int_equal(r.in.opcode, FUSE_CREATE);
	assert_int_equal(kernel_request()->opcode, FUSE_TMPFILE);
	assert_memory_equal(r.arg, &arg, sizeof(arg));
	assert_string_equal(r.arg + sizeof(arg), KERNEL_TMPFILE_NAME);
}

static void test_kill_suidgid(void **state)
{
	const struct fuse_open_in open_in[2] = {
		{ 0 }, { .open_flags = FUSE_OPEN_KILL_SUIDGID } };
	const struct fuse_create_in create[2] = {
		{ 0 }, { .open_flags = FUSE_OPEN_KILL_SUIDGID } };
	const struct fuse_write_in write_in[2] = {
		{ .write_flags = FUSE_WRITE_CACHE },
		{ .write_flags = FUSE_WRITE_KILL_SUIDGID } };
	const struct fuse_setattr_in setattr[2] = {
		{ .valid = FATTR_SIZE },
		{ .valid = FATTR_SIZE | FATTR_KILL_SUIDGID } };
	struct request r;

	for (int kill = 0; kill < 2; kill++) {
		const struct {
			uint32_t opcode;
			const void *arg;
			size_t len;
		} cases[] = {
			{ FUSE_OPEN, &open_in[kill], sizeof(*open_in) },
			{ FUSE_CREATE, &create[kill], sizeof(*create) },
			{ FUSE_TMPFILE, &create[kill], sizeof(*create) },
			{ FUSE_WRITE, &write_in[kill], sizeof(*write_in) },
			{ FUSE_SETATTR, &setattr[kill], sizeof(*setattr) },
		};

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			size_t len = make(&r, cases[i].opcode, cases[i].arg,
					  cases[i].len, "name", 5);

			assert_int_equal(kernel_receive(&r, len), len);
			assert_int_equal(kernel_request()->kill_suidgid, kill);
			assert_int_equal(kernel_request()->opcode,
					 cases[i].opcode);
		}
	}
	/* It does not stick to the next request. */
	kernel_receive(&r, make(&r, FUSE_GETATTR, "", 0, "", 0));
	assert_false(kernel_request()->kill_suidgid);
}

static void test_setxattr_folds(void **state)
{
	const struct fuse_init_out answer = { 0 };
	const struct fuse_setxattr_in arg = {
		.size = 3, .flags = 1,
		.setxattr_flags = FUSE_SETXATTR_ACL_KILL_SGID };
	static const char tail[] = "user.a\0xyz";
	struct fuse_init_out got;
	struct request r;
	size_t len;

	assert_true(init(ALL, &answer, 0, &got));
	len = make(&r, FUSE_SETXATTR, &arg, sizeof(arg), tail, 10);
	assert_int_equal(kernel_receive(&r, len), len - 8);
	assert_int_equal(r.in.len, len - 8);
	assert_memory_equal(r.arg, &arg, FUSE_COMPAT_SETXATTR_IN_SIZE);
	assert_memory_equal(r.arg + FUSE_COMPAT_SETXATTR_IN_SIZE, tail, 10);
	assert_true(kernel_request()->acl_kill_sgid);

	/* Not negotiated: the short layout stays. */
	assert_true(init(0, &answer, 0, &got));
	len = make(&r, FUSE_SETXATTR, &arg, FUSE_COMPAT_SETXATTR_IN_SIZE, tail,
		   10);
	assert_int_equal(kernel_receive(&r, len), len);
	assert_memory_equal(r.arg + FUSE_COMPAT_SETXATTR_IN_SIZE, tail, 10);
	assert_false(kernel_request()->acl_kill_sgid);
}

/* Nothing is read or written beyond a request's end. */
static void test_short_requests(void **state)
{
	static const uint32_t opcodes[] = { FUSE_INIT, FUSE_SETXATTR,
					    FUSE_WRITE, FUSE_SETATTR, FUSE_OPEN,
					    FUSE_CREATE, FUSE_TMPFILE };
	const struct fuse_init_out answer = { 0 };
	struct fuse_init_out got;

	assert_true(init(ALL, &answer, 0, &got));
	for (size_t i = 0; i < sizeof(opcodes) / sizeof(opcodes[0]); i++) {
		for (size_t len = 0; len < 2 * sizeof(got); len++) {
			char *exact = malloc(len ? len : 1);
			struct fuse_in_header in = { .len = len,
						     .opcode = opcodes[i] };
			size_t got_len;

			assert_non_null(exact);
			memset(exact, 0xff, len);
			memcpy(exact, &in, len < sizeof(in) ? len : sizeof(in));
			got_len = kernel_receive(exact, len);
			assert_true(got_len <= len);
			free(exact);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_init_adds_offered),
		cmocka_unit_test(test_init_adds_no_more),
		cmocka_unit_test(test_pass_through),
		cmocka_unit_test(test_other_replies),
		cmocka_unit_test(test_tmpfile),
		cmocka_unit_test(test_kill_suidgid),
		cmocka_unit_test(test_setxattr_folds),
		cmocka_unit_test(test_short_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
