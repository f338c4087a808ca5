// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fuse_lowlevel.h>
#include <string.h>
#include <sys/mman.h>

#include "fs/kernel.h"
#include "fs/kernel_format.h"
#include "fs/uring.h"
#include "fs/uring_types.h"

#define PAGE 4096

/* In the header's page, behind it: where a request is put together.  What does
 * not fit stays in the payload, with its head before it, at the end of this
 * page. */
#define SMALL_AT 512
#define SMALL_MAX (PAGE - SMALL_AT)

/* Of a payload that was used, what stays when there is nothing to do. */
#define KEPT (16 * PAGE)

static __thread struct uring_entry *serving;

/* Makes of header and payload what read(2) from /dev/fuse would have given. */
static void *build_request(struct uring_entry *e, size_t *ret_len)
{
	const struct fuse_in_header *in = (void *)e->header->in_out;
	const size_t payload = e->header->ring_ent_in_out.payload_sz;
	const size_t head = in->len - payload;
	char *at = (char *)e->header + SMALL_AT;

	if (in->len <= SMALL_MAX)
		memcpy(at + head, e->payload, payload);
	else
		at = e->payload - head;
	memcpy(at, in, sizeof(*in));
	memcpy(at + sizeof(*in), e->header->op_in, head - sizeof(*in));
	e->large |= payload > KEPT;
	*ret_len = in->len;
	return at;
}

bool uring_reply(const struct iovec *iov, int count, ssize_t *ret)
{
	const struct fuse_out_header *out = iov[0].iov_base;
	struct uring_entry *e = serving;
	size_t len = 0;

	/* Notifications and replies to INTERRUPT are for /dev/fuse. */
	if (!e || e->replied || out->unique != e->unique)
		return false;
	for (int i = 1; i < count; i++) {
		if (iov[i].iov_len > e->size - len) {
			errno = EINVAL;
			*ret = -1;
			return true;
		}
		memcpy(e->payload + len, iov[i].iov_base, iov[i].iov_len);
		len += iov[i].iov_len;
	}
	memcpy(e->header->in_out, out, sizeof(*out));
	e->header->ring_ent_in_out.payload_sz = len;
	e->large |= len > KEPT;
	e->replied = true;
	*ret = sizeof(*out) + len;
	return true;
}

uint64_t uring_entry_serve(struct uring_entry *e, struct fuse_session *se)
{
	const uint64_t commit_id = e->header->ring_ent_in_out.commit_id;
	const struct fuse_in_header *in = (void *)e->header->in_out;
	const struct fuse_out_header none = {
		.len = sizeof(none), .error = -EIO, .unique = in->unique
	};
	struct fuse_buf buf = { 0 };

	e->unique = in->unique;
	e->replied = false;
	buf.mem = build_request(e, &buf.size);
	buf.size = kernel_receive(buf.mem, buf.size);
	serving = e;
	fuse_session_process_buf(se, &buf);
	serving = NULL;
	if (!e->replied) {
		memcpy(e->header->in_out, &none, sizeof(none));
		e->header->ring_ent_in_out.payload_sz = 0;
	}
	return commit_id;
}

void uring_entry_trim(struct uring_entry *e)
{
	/* Fails for no memory of ours; then it stays. */
	madvise(e->payload + KEPT, e->size - KEPT, MADV_DONTNEED);
	e->large = false;
}
