// SPDX-License-Identifier: Apache-2.0
#include "fs/transport.h"

#include <errno.h>
#include <fuse_lowlevel.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "fs/kernel.h"
#include "fs/kernel_format.h"

/* A break of a large file occupies a thread for its whole length, so there may
 * be many; idle ones cost only a stack. */
#define THREADS_MAX 512
#define THREADS_IDLE 4

struct transport {
	struct fuse_session *se;
	const char *name;
	char reason[256];
};

static ssize_t read_request(int fd, void *buf, size_t size, void *userdata)
{
	ssize_t n = read(fd, buf, size);

	return n <= 0 ? n : (ssize_t)kernel_receive(buf, n);
}

static ssize_t write_reply(int fd, struct iovec *iov, int count,
			   void *userdata)
{
	struct fuse_init_out init;
	struct iovec changed[2];

	if (!kernel_reply(iov, count, &init))
		return writev(fd, iov, count);
	changed[0] = iov[0];
	changed[1] = (struct iovec){ &init, sizeof(init) };
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

int transport_open(struct transport **ret, struct fuse_session *se,
		   enum transport_choice choice)
{
	struct transport *t = calloc(1, sizeof(*t));
	int r = t ? 0 : -ENOMEM;

	if (r == 0)
		r = fuse_session_custom_io(se, &custom_io, fuse_session_fd(se));
	if (r == 0)
		r = serve_init(se);
	if (r < 0) {
		log_error(r, "starting to serve");
		free(t);
		return r;
	}
	t->se = se;
	t->name = "classic";
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

void transport_close(struct transport *t)
{
	free(t);
}

const char *transport_name(const struct transport *t)
{
	return t->name;
}

const char *transport_reason(const struct transport *t)
{
	return t->reason;
}
