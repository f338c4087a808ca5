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
#include "mkimage/stream.h"
#include "mkimage/tar.h"

struct source_tar {
	struct source source;
	struct stream *stream;
	struct tar *tar;
};

static struct source_tar *from_source(struct source *s)
{
	return (struct source_tar *)((char *)s -
				     offsetof(struct source_tar, source));
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
	stream_close(t->stream);
	free(t);
}

static const struct source_ops tar_ops = {
	.next = tar_source_next,
	.data = tar_source_data,
	.close = tar_source_close,
};

static int open_archive(struct source_tar *t, const char *path)
{
	int fd, r;

	if (!t->source.name)
		return failed(path, -ENOMEM);
	if (!strcmp(path, "-"))
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	else
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return failed(path, -errno);
	t->source.has_input = true;
	t->source.input_fd = fd;
	r = stream_open_file(fd, t->source.name, &t->stream);
	if (r) {
		t->source.has_input = false;
		return r;
	}
	return tar_open(t->stream, &t->source, t->source.name, TAR_COMPRESSED,
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
