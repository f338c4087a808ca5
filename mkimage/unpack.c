// SPDX-License-Identifier: Apache-2.0
/*
 * blob_unpack(): libarchive's filters without a format behind them, so that
 * the bytes between the two can be digested (an image's DiffIDs).  Filters that
 * are programs of their own are not used: an image must not choose them.
 */
#include "mkimage/blob.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

struct unpack {
	struct stream stream;
	struct stream *inner;
	struct archive *archive;
	int inner_error; /* logged already */
	bool ended;
	char *name;
};

static struct unpack *from_stream(struct stream *s)
{
	return (struct unpack *)((char *)s - offsetof(struct unpack, stream));
}

/* If the bytes are not those that they should be, that is the reason to tell:
 * the blob is read to its end, where it is found out. */
static int failed(struct unpack *u)
{
	const char *text = archive_error_string(u->archive);
	int e = archive_errno(u->archive);

	if (!u->inner_error)
		u->inner_error = stream_drain(u->inner);
	if (u->inner_error)
		return u->inner_error;
	log_error(0, "%s: %s", u->name, text ? text : "cannot be unpacked");
	return e == ENOMEM ? -ENOMEM : -EBADMSG;
}

static ssize_t read_inner(struct archive *a, void *arg, const void **ret)
{
	struct unpack *u = arg;
	ssize_t n = stream_read(u->inner, ret);

	if (n >= 0)
		return n;
	u->inner_error = (int)n;
	archive_set_error(a, (int)-n, "%s", strerror((int)-n));
	return ARCHIVE_FATAL;
}

static ssize_t unpack_read(struct stream *s, const void **ret)
{
	struct unpack *u = from_stream(s);
	int64_t offset;
	size_t len;
	int r;

	while (!u->ended) {
		r = archive_read_data_block(u->archive, ret, &len, &offset);
		if (r == ARCHIVE_EOF)
			u->ended = true;
		else if (r != ARCHIVE_OK)
			return failed(u);
		else if (len)
			return (ssize_t)len;
	}
	/* libarchive also takes an error for the end of an empty archive. */
	if (u->inner_error)
		return u->inner_error;
	/* Whatever is behind the packed data belongs to the blob, too. */
	return stream_drain(u->inner);
}

static void unpack_close(struct stream *s)
{
	struct unpack *u = from_stream(s);

	if (u->archive)
		archive_read_free(u->archive);
	stream_close(u->inner);
	free(u->name);
	free(u);
}

static int open_raw(struct unpack *u)
{
	struct archive *a = u->archive;
	struct archive_entry *entry;
	int r;

	if (archive_read_support_filter_gzip(a) ||
	    archive_read_support_filter_zstd(a) ||
	    archive_read_support_filter_bzip2(a) ||
	    archive_read_support_filter_xz(a) ||
	    archive_read_support_format_raw(a) ||
	    archive_read_support_format_empty(a) ||
	    archive_read_set_read_callback(a, read_inner) ||
	    archive_read_set_callback_data(a, u) || archive_read_open1(a))
		return failed(u);
	r = archive_read_next_header(a, &entry);
	u->ended = r == ARCHIVE_EOF;
	return r == ARCHIVE_OK || u->ended ? 0 : failed(u);
}

int blob_unpack(struct stream *inner, const char *name, struct stream **ret)
{
	struct unpack *u = calloc(1, sizeof(*u));
	int r = 0;

	if (!u) {
		stream_close(inner);
		log_error(-ENOMEM, "%s", name);
		return -ENOMEM;
	}
	u->stream.read = unpack_read;
	u->stream.close = unpack_close;
	u->inner = inner;
	u->name = strdup(name);
	u->archive = archive_read_new();
	if (!u->name || !u->archive) {
		r = -ENOMEM;
		log_error(r, "%s", name);
	}
	if (!r)
		r = open_raw(u);
	if (r) {
		stream_close(&u->stream);
		return r;
	}
	*ret = &u->stream;
	return 0;
}
