// SPDX-License-Identifier: Apache-2.0
#include "fs/transport.h"

#include <errno.h>
#include <fuse_lowlevel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "fs/kernel.h"
#include "fs/kernel_format.h"
#include "fs/uring.h"

/* A break of a large file occupies a thread for its whole length, so there may
 * be many; idle ones cost only a stack. */
#define THREADS_MAX 512
#define THREADS_IDLE 4

struct transport {
	struct fuse_session *se;
	struct uring *uring; /* NULL: all by /dev/fuse */
	char reason[256];
};

/* What the reply to INIT said; by the main thread, which serves it. */
static struct fuse_init_out agreed;

static ssize_t read_request(int fd, void *buf, size_t size, void *userdata)
{
	ssize_t n = read(fd, buf, size);

	return n <= 0 ? n : (ssize_t)kernel_receive(buf, n);
}

static ssize_t write_reply(int fd, struct iovec *iov, int count,
			   void *userdata)
{
	/* First, for it changes what goes by either way. */
	bool is_init = kernel_reply(iov, count, &agreed);
	struct iovec changed[2];
	ssize_t n;

	if (uring_reply(iov, count, &n))
		return n;
	if (!is_init)
		return writev(fd, iov, count);
	changed[0] = iov[0];
	changed[1] = (struct iovec){ &agreed, sizeof(agreed) };
	return writev(fd, changed, 2);
}

/* Without splice callbacks libfuse does not splice, which would go past
 * read_request(). */
static const struct fuse_custom_io custom_io = {
	.read = read_request,
	.writev = write_reply,
};

/* INIT is the first request, and there as soon as the mount is. */
static int serve_init(struct fuse_session *se)
{
	struct fuse_buf buf = { 0 };
	int r;

	do
		r = fuse_session_receive_buf(se, &buf);
	while (r == -EINTR);
	if (r > 0)
		fuse_session_process_buf(se, &buf);
	free(buf.mem);
	if (r > 0 && !fuse_session_exited(se))
		return 0;
	return r < 0 ? r : -ENOTCONN;
}

static void set_reason(struct transport *t, int err, const char *why)
{
	if (err == -EOPNOTSUPP)
		snprintf(t->reason, sizeof(t->reason), "%s", why);
	else
		snprintf(t->reason, sizeof(t->reason), "%s: %s", why,
			 strerror(-err));
}

/* All that can fail before the kernel is told.  Reasons are no errors here. */
static void prepare_uring(struct transport *t)
{
	const char *why = NULL;
	int r = uring_probe(&why);

	if (r == 0)
		r = uring_open(&t->uring, t->se, &why);
	if (r == 0)
		kernel_want(FUSE_OVER_IO_URING);
	else
		set_reason(t, r, why);
}

static void start_uring(struct transport *t)
{
	const char *why = "the kernel does not offer it";
	int r = -EOPNOTSUPP;

	if (agreed.flags2 & (FUSE_OVER_IO_URING >> 32))
		r = uring_start(t->uring, &agreed, &why);
	if (r < 0) {
		set_reason(t, r, why);
		uring_stop(t->uring);
		t->uring = NULL;
	}
}

static int begin(struct transport *t, enum transport_choice choice)
{
	int r = fuse_session_custom_io(t->se, &custom_io,
				       fuse_session_fd(t->se));

	if (r < 0)
		return r;
	if (choice == TRANSPORT_CLASSIC)
		set_reason(t, -EOPNOTSUPP, "transport=classic");
	else
		prepare_uring(t);
	if (choice == TRANSPORT_URING && !t->uring)
		return -EOPNOTSUPP;
	r = serve_init(t->se);
	if (r < 0)
		return r;
	if (t->uring)
		start_uring(t);
	return choice == TRANSPORT_URING && !t->uring ? -EOPNOTSUPP : 0;
}

int transport_open(struct transport **ret, struct fuse_session *se,
		   enum transport_choice choice)
{
	struct transport *t = calloc(1, sizeof(*t));
	int r = -ENOMEM;

	if (t) {
		t->se = se;
		r = begin(t, choice);
	}
	if (r < 0) {
		if (t && t->reason[0])
			log_error(0, "transport=uring: %s", t->reason);
		else
			log_error(r, "starting to serve");
		transport_stop(t);
		transport_free(t);
		return r;
	}
	*ret = t;
	return 0;
}

int transport_loop(struct transport *t)
{
	struct fuse_loop_config *cfg = fuse_loop_cfg_create();
	int r = -ENOMEM;

	if (!cfg) {
		log_error(r, "serving");
		return r;
	}
	fuse_loop_cfg_set_clone_fd(cfg, 0);
	fuse_loop_cfg_set_idle_threads(cfg, THREADS_IDLE);
	fuse_loop_cfg_set_max_threads(cfg, THREADS_MAX);
	r = fuse_session_loop_mt(t->se, cfg);
	fuse_loop_cfg_destroy(cfg);
	if (r < 0)
		log_error(r, "serving");
	return r < 0 ? r : 0;
}

void transport_stop(struct transport *t)
{
	if (t)
		uring_stop(t->uring);
}

void transport_free(struct transport *t)
{
	free(t);
}

const char *transport_name(const struct transport *t)
{
	return t->reason[0] ? "classic" : "uring";
}

const char *transport_reason(const struct transport *t)
{
	return t->reason;
}
