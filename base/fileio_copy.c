// SPDX-License-Identifier: Apache-2.0
/* fileio_copy_data(): the cheapest way first. */
#include "base/fileio.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"

/* A signal is answered between two chunks at the latest. */
#define KERNEL_CHUNK (16 << 20)
#define USER_CHUNK (256 << 10)

struct copy {
	int from, to;
	off_t size;
	off_t copied;
	bool by_hand;	/* copy_file_range(2) cannot do it here */
	char *buf;	/* USER_CHUNK bytes, once by_hand */
};

static int write_at(int fd, const char *p, size_t len, off_t at)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, p, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		p += n;
		len -= n;
		at += n;
	}
	return 0;
}

/* The next bytes of [at, end): how many, or 0 at the source's end. */
static ssize_t step_by_hand(struct copy *c, off_t at, off_t end)
{
	size_t want = end - at < USER_CHUNK ? end - at : USER_CHUNK;
	ssize_t n;
	int err;

	if (!c->buf)
		c->buf = malloc(USER_CHUNK);
	if (!c->buf)
		return -ENOMEM;
	do {
		n = pread(c->from, c->buf, want, at);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n ? -errno : 0;
	err = write_at(c->to, c->buf, n, at);
	return err ? err : n;
}

static bool not_possible(int err)
{
	return err == EXDEV || err == EOPNOTSUPP || err == ENOSYS ||
	       err == EINVAL || err == EPERM || err == EBADF;
}

static ssize_t step(struct copy *c, off_t at, off_t end)
{
	size_t want = end - at < KERNEL_CHUNK ? end - at : KERNEL_CHUNK;
	off_t in = at, out = at;
	ssize_t n;

	if (c->by_hand)
		return step_by_hand(c, at, end);
	do {
		n = copy_file_range(c->from, &in, c->to, &out, want, 0);
	} while (n < 0 && errno == EINTR);
	if (n > 0)
		return n;
	if (n < 0 && !not_possible(errno))
		return -errno;
	/* 0 is end of file, or a file system that answers so what it cannot
	 * do: reading tells. */
	c->by_hand = true;
	return step_by_hand(c, at, end);
}

/* Copies [at, end): 1, or 0 if the source ended before. */
static int copy_extent(struct copy *c, off_t at, off_t end)
{
	while (at < end) {
		ssize_t n = step(c, at, end);

		if (n <= 0)
			return n;
		at += n;
		c->copied += n;
	}
	return 1;
}

/* The next extent with data at or behind *at: 1, 0 if there is none. */
static int next_extent(struct copy *c, off_t *at, off_t *ret_end)
{
	off_t data = lseek(c->from, *at, SEEK_DATA), hole;

	if (data < 0 && errno == ENXIO)
		return 0;
	if (data < 0 && !not_possible(errno))
		return -errno;
	if (data < 0)
		data = *at; /* holes are not told here: all is data */
	if (data >= c->size)
		return 0;
	hole = lseek(c->from, data, SEEK_HOLE);
	/* ENXIO: cut shorter meanwhile; copying meets the end. */
	if (hole < 0 && errno != ENXIO && !not_possible(errno))
		return -errno;
	*at = data;
	*ret_end = hole < 0 || hole > c->size ? c->size : hole;
	return 1;
}

static int copy_extents(struct copy *c)
{
	off_t at = 0, end = c->size;
	int r;

	while (at < c->size) {
		r = next_extent(c, &at, &end);
		if (r > 0)
			r = copy_extent(c, at, end);
		if (r <= 0)
			return r;
		at = end;
	}
	return 0;
}

int fileio_copy_data(int from, int to, off_t size, off_t *ret_bytes)
{
	struct copy c = { .from = from, .to = to, .size = size };
	int ret = FILEIO_COPIED, err = 0;

	/* Whatever stands against a reflink, copying finds out whether it
	 * stands against a copy as well. */
	if (size > 0 && ioctl(to, FICLONE, from) == 0)
		ret = FILEIO_REFLINKED;
	else
		err = copy_extents(&c);
	free(c.buf);
	*ret_bytes = c.copied;
	if (err)
		return err;
	return ftruncate(to, size) ? -errno : ret;
}
