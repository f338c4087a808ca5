// SPDX-License-Identifier: Apache-2.0
#include "cli/control.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/store.h"
#include "fs/control_proto.h"

#define ANSWER_SECONDS 5

static int connect_to(int storefd, const char *id)
{
	const struct timeval limit = { .tv_sec = ANSWER_SECONDS };
	_cleanup_fd int dir = container_open(storefd, id);
	_cleanup_fd int fd = -1;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (dir < 0)
		return dir;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* A store's path may be longer than an address can be. */
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/%s",
		 dir, CONTROL_SOCKET);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) ||
	    connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return -errno;
	return take_fd(&fd);
}

int control_status(int storefd, const char *id, json_t **ret)
{
	const struct control_request request = {
		.version = htole32(CONTROL_VERSION),
		.command = htole32(CONTROL_STATUS),
	};
	_cleanup_fd int fd = connect_to(storefd, id);
	_cleanup_free char *buf = malloc(CONTROL_MAX);
	const struct control_reply *reply = (void *)buf;
	json_t *status;
	ssize_t n;

	if (fd < 0)
		return fd;
	if (!buf)
		return -ENOMEM;
	if (send(fd, &request, sizeof(request), MSG_NOSIGNAL) < 0)
		return -errno;
	n = recv(fd, buf, CONTROL_MAX, 0);
	if (n < 0)
		return -errno;
	if ((size_t)n < sizeof(*reply) ||
	    le32toh(reply->version) != CONTROL_VERSION ||
	    le32toh(reply->len) != n - sizeof(*reply))
		return -EPROTO;
	if (reply->error)
		return -(int)le32toh(reply->error);
	status = json_loadb(buf + sizeof(*reply), n - sizeof(*reply), 0, NULL);
	if (!status)
		return -EPROTO;
	*ret = status;
	return 0;
}
