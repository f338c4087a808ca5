// SPDX-License-Identifier: Apache-2.0
#include "mkimage/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "mkimage/stop.h"

#define READ_SIZE (1 << 20)

struct stream_file {
	struct stream stream;
	int fd;
	char *name;
	char *buffer; /* READ_SIZE */
};

static struct stream_file *from_stream(struct stream *s)
{
	return (struct stream_file *)((char *)s -
				      offsetof(struct stream_file, stream));
}

ssize_t stream_read(struct stream *s, const void **ret)
{
	ssize_t n;

	if (s->error)
		return s->error;
	n = s->read(s, ret);
	if (n < 0)
		s->error = (int)n;
	return n;
}

void stream_close(struct stream *s)
{
	if (s)
		s->close(s);
}

static ssize_t file_read(struct stream *s, const void **ret)
{
	struct stream_file *f = from_stream(s);
	ssize_t n;

	do {
		n = read(f->fd, f->buffer, READ_SIZE);
	} while (n < 0 && errno == EINTR && !stop_requested());
	if (n < 0) {
		n = -errno;
		if (n != -EINTR)
			log_error((int)n, "%s", f->name);
		return n;
	}
	*ret = f->buffer;
	return n;
}

static void file_close(struct stream *s)
{
	struct stream_file *f = from_stream(s);

	close(f->fd);
	free(f->name);
	free(f->buffer);
	free(f);
}

int stream_open_file(int fd, const char *name, struct stream **ret)
{
	_cleanup_fd int owned = fd;
	_cleanup_free char *buffer = malloc(READ_SIZE);
	_cleanup_free char *copy = strdup(name);
	struct stream_file *f = calloc(1, sizeof(*f));

	if (!f || !copy || !buffer) {
		free(f);
		log_error(-ENOMEM, "%s", name);
		return -ENOMEM;
	}
	f->stream.read = file_read;
	f->stream.close = file_close;
	f->fd = take_fd(&owned);
	f->name = take_ptr(copy);
	f->buffer = take_ptr(buffer);
	*ret = &f->stream;
	return 0;
}

int stream_read_all(struct stream *s, size_t max, const char *name,
		    struct bytes *ret)
{
	_cleanup_bytes struct bytes all = BYTES_INIT;
	const void *block;
	ssize_t n;
	int r = 0;

	while (!r && (n = stream_read(s, &block)) != 0) {
		if (n < 0)
			return (int)n;
		r = (size_t)n > max - all.len
			    ? -EFBIG
			    : bytes_add(&all, block, (size_t)n);
	}
	if (r) {
		log_error(r, "%s", name);
		return r;
	}
	bytes_release(ret);
	*ret = all;
	all = (struct bytes)BYTES_INIT;
	return 0;
}

int stream_drain(struct stream *s)
{
	const void *block;
	ssize_t n;

	while ((n = stream_read(s, &block)) > 0)
		if (stop_requested())
			return -EINTR;
	return (int)n;
}
