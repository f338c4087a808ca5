// SPDX-License-Identifier: Apache-2.0
/*
 * libarchive compresses: its format "raw" is one file without a frame, and a
 * filter makes of it what gzip(1) and others would.
 */
#include "mkimage/export_stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fileio.h"
#include "mkimage/stop.h"

#define MAX_THREADS 8

struct export_stream {
	struct archive *archive; /* NULL: nothing is compressed */
	int fd;
	int error; /* of a write inside libarchive */
	struct digest_ctx *plain, *written;
	struct export_sums sums;
};

static const char *const names[] = {
	[EXPORT_PLAIN] = "none",  [EXPORT_GZIP] = "gzip",
	[EXPORT_ZSTD] = "zstd",	  [EXPORT_XZ] = "xz",
	[EXPORT_BZIP2] = "bzip2",
};

const char *export_stream_name(enum export_compression c)
{
	return names[c];
}

int export_stream_parse(const char *name, enum export_compression *ret)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(name, names[i])) {
			*ret = (enum export_compression)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int put(struct export_stream *s, const void *data, size_t len)
{
	int r = digest_update(s->written, data, len);

	if (!r)
		r = fileio_write_all(s->fd, data, len);
	if (!r)
		s->sums.written_size += len;
	return r;
}

/* libarchive's writer. */
static ssize_t write_compressed(struct archive *a, void *arg, const void *data,
				size_t len)
{
	struct export_stream *s = arg;

	s->error = put(s, data, len);
	if (!s->error)
		return (ssize_t)len;
	archive_set_error(a, -s->error, "%s", strerror(-s->error));
	return -1;
}

/*
 * Several threads split the data at places that depend on the data only, one
 * thread does not split it: so there are always two at least.
 */
static int set_threads(struct archive *a)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	char text[16];

	if (n < 2)
		n = 2;
	if (n > MAX_THREADS)
		n = MAX_THREADS;
	snprintf(text, sizeof(text), "%ld", n);
	return archive_write_set_filter_option(a, NULL, "threads", text);
}

static int add_filter(struct archive *a, enum export_compression compression)
{
	int r = ARCHIVE_FATAL;

	switch (compression) {
	case EXPORT_GZIP:
		r = archive_write_add_filter_gzip(a);
		if (r == ARCHIVE_OK)
			r = archive_write_set_filter_option(a, "gzip",
							    "timestamp", NULL);
		break;
	case EXPORT_ZSTD:
		r = archive_write_add_filter_zstd(a);
		if (r == ARCHIVE_OK)
			r = set_threads(a);
		break;
	case EXPORT_XZ:
		r = archive_write_add_filter_xz(a);
		if (r == ARCHIVE_OK)
			r = set_threads(a);
		break;
	case EXPORT_BZIP2:
		r = archive_write_add_filter_bzip2(a);
		break;
	case EXPORT_PLAIN:
		break;
	}
	/* A warning means that an external program would do the work. */
	return r == ARCHIVE_OK ? 0 : -EOPNOTSUPP;
}

static int compress_error(const struct export_stream *s)
{
	int e = archive_errno(s->archive);

	if (s->error)
		return s->error;
	return e == ENOMEM ? -ENOMEM : -EIO;
}

static int open_compressor(struct export_stream *s,
			   enum export_compression compression)
{
	struct archive_entry *e = archive_entry_new();
	int r = -ENOMEM;

	s->archive = archive_write_new();
	if (!s->archive || !e ||
	    archive_write_set_format_raw(s->archive) != ARCHIVE_OK)
		goto out;
	r = add_filter(s->archive, compression);
	if (r)
		goto out;
	archive_entry_set_filetype(e, AE_IFREG);
	/* No padding to whole blocks: what is behind a compressed stream would
	 * be taken for another one. */
	if (archive_write_set_bytes_per_block(s->archive, 0) != ARCHIVE_OK ||
	    archive_write_open(s->archive, s, NULL, write_compressed, NULL) !=
		    ARCHIVE_OK ||
	    archive_write_header(s->archive, e) != ARCHIVE_OK)
		r = compress_error(s);
out:
	archive_entry_free(e);
	return r;
}

int export_stream_new(struct export_stream **ret, int fd,
		      enum export_compression compression)
{
	struct export_stream *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->fd = fd;
	r = digest_new(&s->plain, DIGEST_SHA256);
	if (!r)
		r = digest_new(&s->written, DIGEST_SHA256);
	if (!r && compression != EXPORT_PLAIN)
		r = open_compressor(s, compression);
	if (r) {
		export_stream_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

void export_stream_free(struct export_stream *s)
{
	if (!s)
		return;
	if (s->archive) {
		/* Not to be finished by the way: what is written may be of no
		 * use to anybody by now. */
		archive_write_fail(s->archive);
		archive_write_free(s->archive);
	}
	digest_free(s->plain);
	digest_free(s->written);
	free(s);
}

int export_stream_write(struct export_stream *s, const void *data, size_t len)
{
	int r = stop_requested();

	if (!r)
		r = digest_update(s->plain, data, len);
	if (r)
		return r;
	s->sums.plain_size += len;
	if (!s->archive)
		return put(s, data, len);
	return archive_write_data(s->archive, data, len) == (ssize_t)len
		       ? 0
		       : compress_error(s);
}

int export_stream_finish(struct export_stream *s, struct export_sums *ret)
{
	int r = 0;

	if (s->archive && archive_write_close(s->archive) != ARCHIVE_OK)
		r = compress_error(s);
	if (!r)
		r = digest_final(s->plain, s->sums.plain.bytes);
	if (!r)
		r = digest_final(s->written, s->sums.written.bytes);
	if (!r)
		*ret = s->sums;
	return r;
}
