// SPDX-License-Identifier: Apache-2.0
#include "mkimage/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/cleanup.h"

#define PIECE 16384
#define PIECES 64 /* in memory: number n is at n % PIECES */
#define NAME ".spool"

struct piece {
	uint64_t number;
	bool valid, dirty;
	char data[PIECE];
};

struct spool {
	pthread_mutex_t lock; /* protects all that follows */
	int fd;
	struct piece pieces[PIECES];
};

/* Without a name from the beginning where the file system can do that. */
static int open_unnamed(int dirfd)
{
	int fd = openat(dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
		return -errno;
	fd = openat(dirfd, NAME, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (unlinkat(dirfd, NAME, 0)) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd;
}

int spool_new(struct spool **ret, int dirfd)
{
	struct spool *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->fd = open_unnamed(dirfd);
	if (s->fd < 0) {
		int r = s->fd;

		free(s);
		return r;
	}
	pthread_mutex_init(&s->lock, NULL);
	*ret = s;
	return 0;
}

void spool_free(struct spool *s)
{
	if (!s)
		return;
	close(s->fd);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static int write_back(struct spool *s, struct piece *p)
{
	off_t at = (off_t)(p->number * PIECE);
	size_t done = 0;

	if (!p->valid || !p->dirty)
		return 0;
	while (done < PIECE) {
		ssize_t n = pwrite(s->fd, p->data + done, PIECE - done,
				   at + (off_t)done);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	p->dirty = false;
	return 0;
}

static int load(struct spool *s, struct piece *p, uint64_t number)
{
	off_t at = (off_t)(number * PIECE);
	size_t done = 0;

	p->valid = false;
	while (done < PIECE) {
		ssize_t n = pread(s->fd, p->data + done, PIECE - done,
				  at + (off_t)done);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (!n)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	memset(p->data + done, 0, PIECE - done);
	p->number = number;
	p->valid = true;
	return 0;
}

static int get_piece(struct spool *s, uint64_t number, struct piece **ret)
{
	struct piece *p = &s->pieces[number % PIECES];
	int r;

	if (!p->valid || p->number != number) {
		r = write_back(s, p);
		if (!r)
			r = load(s, p, number);
		if (r)
			return r;
	}
	*ret = p;
	return 0;
}

static int transfer(struct spool *s, uint64_t at, char *data, size_t len,
		    bool writes)
{
	_cleanup_unlock pthread_mutex_t *locked = &s->lock;
	struct piece *p;
	int r;

	pthread_mutex_lock(locked);
	while (len) {
		size_t from = at % PIECE;
		size_t n = len < PIECE - from ? len : PIECE - from;

		r = get_piece(s, at / PIECE, &p);
		if (r)
			return r;
		if (writes)
			memcpy(p->data + from, data, n);
		else
			memcpy(data, p->data + from, n);
		p->dirty |= writes;
		data += n;
		at += n;
		len -= n;
	}
	return 0;
}

int spool_write(struct spool *s, uint64_t at, const void *data, size_t len)
{
	return transfer(s, at, (char *)data, len, true);
}

int spool_read(struct spool *s, uint64_t at, void *data, size_t len)
{
	return transfer(s, at, data, len, false);
}
