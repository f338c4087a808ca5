// SPDX-License-Identifier: Apache-2.0
/* A tar archive, a file or standard input, as a source. */
#include "mkimage/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "mkimage/stop.h"
#include "mkimage/stream.h"
#include "mkimage/tar.h"

#define READ_SIZE (1 << 20)

struct source_tar {
	struct source source;
	struct stream stream;
	struct tar *tar;
	int fd;
	char *buffer; /* READ_SIZE */
};

static struct source_tar *from_source(struct source *s)
{
	return (struct source_tar *)((char *)s -
				     offsetof(struct source_tar, source));
}

static struct source_tar *from_stream(struct stream *s)
{
	return (struct source_tar *)((char *)s -
				     offsetof(struct source_tar, stream));
}

static int failed(const char *path, int r)
{
	log_error(r, "%s", path);
	return r;
}

static int tar_source_next(struct source *s, struct source_item *ret)
{
	return tar_next(from_source(s)->tar, &ret->entry);
}

static int tar_source_data(struct source *s, struct source_block *ret)
{
	return tar_data(from_source(s)->tar, ret);
}

static void tar_source_close(struct source *s)
{
	struct source_tar *t = from_source(s);

	tar_close(t->tar);
	if (t->fd >= 0)
		close(t->fd);
	free(t->buffer);
	free(t);
}

static const struct source_ops tar_ops = {
	.next = tar_source_next,
	.data = tar_source_data,
	.close = tar_source_close,
};

static ssize_t read_file(struct stream *s, const void **ret)
{
	struct source_tar *t = from_stream(s);
	ssize_t n;

	do {
		n = read(t->fd, t->buffer, READ_SIZE);
	} while (n < 0 && errno == EINTR && !stop_requested());
	*ret = t->buffer;
	if (n >= 0)
		return n;
	return errno == EINTR ? -EINTR : failed(t->source.name, -errno);
}

static int open_archive(struct source_tar *t, const char *path)
{
	t->stream.read = read_file;
	t->buffer = malloc(READ_SIZE);
	if (!t->source.name || !t->buffer)
		return failed(path, -ENOMEM);
	if (!strcmp(path, "-"))
		t->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	else
		t->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (t->fd < 0)
		return failed(path, -errno);
	return tar_open(&t->stream, &t->source, t->source.name, TAR_COMPRESSED,
			&t->tar);
}

int source_tar_open(const char *path, struct source **ret)
{
	_cleanup_free char *absolute = NULL;
	struct source_tar *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return failed(path, -ENOMEM);
	t->source.ops = &tar_ops;
	t->fd = -1;
	if (strcmp(path, "-"))
		absolute = realpath(path, NULL);
	if (asprintf(&t->source.name, "tar:%s", absolute ? absolute : path) < 0)
		t->source.name = NULL;
	r = open_archive(t, path);
	if (r) {
		source_close(&t->source);
		return r;
	}
	*ret = &t->source;
	return 0;
}
