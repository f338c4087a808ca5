// SPDX-License-Identifier: Apache-2.0
#include "fs/control.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "fs/control_proto.h"
#include "fs/fs.h"

/* How long a client may take to say what it wants, and how many may at once. */
#define CLIENT_TIMEOUT_MS 2000
#define CLIENTS_MAX 16
#define ACCEPT_PAUSE_MS 100
#define BACKLOG 64

struct client {
	int fd;
	int64_t deadline; /* on the clock of now_ms() */
};

struct control {
	pthread_t thread;
	struct fs *fs;
	int dirfd;    /* where the socket's file is */
	int listenfd;
	int stopfd;   /* readable: the thread is to end */
	/* The thread's own: those that have said nothing yet. */
	struct client clients[CLIENTS_MAX];
	size_t nclients;
	int64_t accept_after; /* out of descriptors until then */
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* Reads and obeys one request: the JSON to return, or -errno for the client. */
static int obey(const struct control *c, int client, struct bytes *json)
{
	struct control_request req;
	ssize_t n = recv(client, &req, sizeof(req), MSG_DONTWAIT | MSG_TRUNC);
	int r;

	if (n < 0)
		return -errno;
	/* The version stands first, so that it can be told from any length. */
	if (n < (ssize_t)sizeof(req.version))
		return -EBADMSG;
	if (le32toh(req.version) != CONTROL_VERSION)
		return -EPROTO;
	if (n != sizeof(req))
		return -EBADMSG;
	if (le32toh(req.command) != CONTROL_STATUS)
		return -EOPNOTSUPP;
	r = fs_status_json(c->fs, json);
	if (r == 0 && json->len > CONTROL_MAX - sizeof(struct control_reply))
		r = -EMSGSIZE;
	return r;
}

/* The reply is one message; a client that does not take it loses it. */
static void reply(int client, int error, const struct bytes *json)
{
	struct control_reply head = {
		.version = htole32(CONTROL_VERSION),
		.error = htole32(-error),
		.len = htole32(error ? 0 : json->len),
	};
	struct iovec iov[2] = {
		{ &head, sizeof(head) },
		{ json->data, error ? 0 : json->len },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	(void)!sendmsg(client, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void answer(const struct control *c, int client)
{
	_cleanup_bytes struct bytes json = BYTES_INIT;

	reply(client, obey(c, client, &json), &json);
}

static void drop_client(struct control *c, size_t i)
{
	close(c->clients[i].fd);
	c->clients[i] = c->clients[--c->nclients];
}

static void take_client(struct control *c)
{
	int fd = accept4(c->listenfd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0)
		c->clients[c->nclients++] = (struct client){
			fd, now_ms() + CLIENT_TIMEOUT_MS };
	else if (errno != EAGAIN && errno != EINTR)
		c->accept_after = now_ms() + ACCEPT_PAUSE_MS;
}

/* Milliseconds until something is due without an event; -1: nothing. */
static int next_timeout(const struct control *c, int64_t now)
{
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < c->nclients; i++)
		if (c->clients[i].deadline < first)
			first = c->clients[i].deadline;
	if (c->accept_after > now && c->accept_after < first)
		first = c->accept_after;
	if (first == INT64_MAX)
		return -1;
	return first > now ? first - now : 0;
}

/* One round: false when the thread is to end. */
static bool control_round(struct control *c)
{
	struct pollfd fds[2 + CLIENTS_MAX];
	const size_t n = c->nclients;
	int64_t now = now_ms();

	fds[0] = (struct pollfd){ .fd = c->stopfd, .events = POLLIN };
	/* While there is no room, clients wait in the socket's queue. */
	fds[1] = (struct pollfd){
		.fd = n < CLIENTS_MAX && now >= c->accept_after ? c->listenfd
								: -1,
		.events = POLLIN,
	};
	for (size_t i = 0; i < n; i++)
		fds[2 + i] = (struct pollfd){ .fd = c->clients[i].fd,
					      .events = POLLIN };
	if (poll(fds, 2 + n, next_timeout(c, now)) < 0)
		return errno == EINTR || errno == ENOMEM;
	if (fds[0].revents)
		return false;
	now = now_ms();
	/* From the last, because drop_client() moves that one. */
	for (size_t i = n; i-- > 0;) {
		if (fds[2 + i].revents)
			answer(c, c->clients[i].fd);
		if (fds[2 + i].revents || now >= c->clients[i].deadline)
			drop_client(c, i);
	}
	if (fds[1].revents)
		take_client(c);
	return true;
}

static void *control_thread(void *arg)
{
	struct control *c = arg;

	while (control_round(c))
		;
	while (c->nclients)
		drop_client(c, 0);
	return NULL;
}

/* By way of /proc, because sun_path is short and a store's path may be long. */
static int listen_in(int dirfd)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const int type = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;
	_cleanup_fd int fd = socket(AF_UNIX, type, 0);

	if (fd < 0)
		return -errno;
	/* The file of a socket is made with the mode that the socket has. */
	if (fchmod(fd, 0600) < 0)
		return -errno;
	/* What a killed daemon left; the container's lock says that it is
	 * dead. */
	if (unlinkat(dirfd, CONTROL_SOCKET, 0) < 0 && errno != ENOENT)
		return -errno;
	snprintf(addr.sun_path, sizeof(addr.sun_path),
		 "/proc/self/fd/%d/" CONTROL_SOCKET, dirfd);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(fd, BACKLOG) < 0)
		return -errno;
	return take_fd(&fd);
}

static void control_free(struct control *c)
{
	if (c->listenfd >= 0) {
		unlinkat(c->dirfd, CONTROL_SOCKET, 0);
		close(c->listenfd);
	}
	if (c->stopfd >= 0)
		close(c->stopfd);
	if (c->dirfd >= 0)
		close(c->dirfd);
	free(c);
}

int control_start(struct control **ret, int dirfd, struct fs *fs)
{
	struct control *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->fs = fs;
	c->listenfd = -1;
	c->stopfd = eventfd(0, EFD_CLOEXEC);
	c->dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
	r = c->stopfd < 0 || c->dirfd < 0 ? -errno : 0;
	if (r == 0)
		r = c->listenfd = listen_in(c->dirfd);
	if (r >= 0)
		r = -pthread_create(&c->thread, NULL, control_thread, c);
	if (r < 0) {
		control_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

void control_stop(struct control *c)
{
	const uint64_t one = 1;

	if (!c)
		return;
	/* An eventfd takes a first write of 8 bytes in any case. */
	(void)!write(c->stopfd, &one, sizeof(one));
	pthread_join(c->thread, NULL);
	control_free(c);
}
