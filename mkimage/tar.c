// SPDX-License-Identifier: Apache-2.0
#include "mkimage/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"

#define TAR_BLOCK 512

struct tar {
	struct stream *stream;
	struct source *source;
	const char *name;
	unsigned int flags;
	struct archive *archive;
	locale_t locale;
	char *path;	  /* of the entry in work, for messages */
	int64_t consumed; /* bytes of the tar stream before the last header */
	int stream_error; /* what the stream has failed with, and logged */
	int64_t got;	  /* bytes of the stream */
	bool padded;	  /* and zeros behind them */
	bool in_entry;	  /* libarchive has handed out a header */
	bool wants_data;
};

/* What libarchive says about the archive or the entry in work. */
static int archive_failed(struct tar *t)
{
	const char *text = archive_error_string(t->archive);
	int e = archive_errno(t->archive);

	/* If it is not what it should be, that is the reason to tell. */
	if (!t->stream_error && t->flags & TAR_VERIFIED)
		t->stream_error = stream_drain(t->stream);
	if (t->stream_error)
		return t->stream_error;
	if (!text)
		text = "cannot be read";
	if (t->in_entry)
		log_error(0, "%s: %s", t->path ? t->path : t->name, text);
	else if (t->path)
		log_error(0, "%s: what follows %s: %s", t->name, t->path, text);
	else
		log_error(0, "%s: %s", t->name, text);
	/* libarchive has numbers of its own beside errno's. */
	return e == ENOMEM || e == EIO || e == ENOSPC ? -e : -EBADMSG;
}

/*
 * An archive ends with two blocks of zeros.  libarchive also takes the end of
 * the file for the end, and so a truncated archive for a whole one.
 */
static int check_end(struct tar *t)
{
	int64_t more = archive_filter_bytes(t->archive, 0) - t->consumed;

	if (more >= TAR_BLOCK || t->flags & TAR_VERIFIED)
		return 0;
	log_error(0, "%s: has no end mark, it is truncated", t->name);
	return -EBADMSG;
}

static int take(struct tar *t, struct archive_entry *ae,
		struct manifest_entry *e)
{
	int r = tar_entry_take(t->source, ae, e);

	free(t->path);
	t->path = e->path ? strdup(e->path) : NULL;
	t->wants_data = !r && !e->hardlink && S_ISREG(e->mode);
	return r;
}

int tar_next(struct tar *t, struct manifest_entry *ret)
{
	struct manifest_entry e = { 0 };
	struct archive_entry *ae;
	locale_t before;
	int r;

	if (t->in_entry && archive_read_data_skip(t->archive) < ARCHIVE_WARN)
		return archive_failed(t);
	t->in_entry = false;
	t->wants_data = false;
	t->consumed = archive_filter_bytes(t->archive, 0);
	/* Names in PAX headers are UTF-8, and come out as such. */
	before = uselocale(t->locale);
	r = archive_read_next_header(t->archive, &ae);
	if (r == ARCHIVE_EOF) {
		uselocale(before);
		/* An error looks like the end of an empty archive, too. */
		return t->stream_error ? t->stream_error : check_end(t);
	}
	t->in_entry = r == ARCHIVE_OK;
	r = t->in_entry ? take(t, ae, &e) : archive_failed(t);
	uselocale(before);
	if (r) {
		manifest_entry_release(&e);
		return r;
	}
	*ret = e;
	return 1;
}

int tar_data(struct tar *t, struct source_block *ret)
{
	const void *data;
	int64_t offset;
	size_t len;
	int r;

	if (!t->wants_data)
		return 0;
	do {
		r = archive_read_data_block(t->archive, &data, &len, &offset);
		if (r == ARCHIVE_EOF) {
			t->wants_data = false;
			return 0;
		}
		if (r != ARCHIVE_OK)
			return archive_failed(t);
	} while (!len);
	if (offset < 0)
		return archive_failed(t);
	if (t->padded && archive_filter_bytes(t->archive, 0) + (int64_t)len >
				 t->got) {
		log_error(0, "%s: the archive ends within it", t->path);
		return -EBADMSG;
	}
	ret->data = data;
	ret->len = len;
	ret->offset = (uint64_t)offset;
	return 1;
}

void tar_close(struct tar *t)
{
	if (!t)
		return;
	archive_read_free(t->archive);
	if (t->locale)
		freelocale(t->locale);
	free(t->path);
	free(t);
}

/*
 * There are layers that end with the last file's data (umoci 0.4's insert
 * writes them): libarchive then misses the zeros up to a whole block.  If they
 * came to stand for data, tar_data() would see it.
 */
static ssize_t pad(struct tar *t, const void **ret)
{
	static const char zeros[TAR_BLOCK];

	if (!(t->flags & TAR_VERIFIED) || t->padded || !(t->got % TAR_BLOCK))
		return 0;
	t->padded = true;
	*ret = zeros;
	return TAR_BLOCK - t->got % TAR_BLOCK;
}

/* libarchive's reader. */
static ssize_t read_stream(struct archive *a, void *arg, const void **ret)
{
	struct tar *t = arg;
	ssize_t n = stream_read(t->stream, ret);

	if (n > 0)
		t->got += n;
	if (!n)
		return pad(t, ret);
	if (n > 0)
		return n;
	t->stream_error = (int)n;
	archive_set_error(a, (int)-n, "%s", strerror((int)-n));
	return ARCHIVE_FATAL;
}

static int open_archive(struct tar *t)
{
	struct archive *a = t->archive;

	/* A warning here means that an external program does the work. */
	if (t->flags & TAR_COMPRESSED &&
	    archive_read_support_filter_all(a) < ARCHIVE_WARN)
		return archive_failed(t);
	if (t->flags & TAR_VERIFIED && archive_read_support_format_empty(a))
		return archive_failed(t);
	if (archive_read_support_format_tar(a) < ARCHIVE_WARN ||
	    archive_read_set_read_callback(a, read_stream) ||
	    archive_read_set_callback_data(a, t) || archive_read_open1(a))
		return archive_failed(t);
	return 0;
}

int tar_open(struct stream *stream, struct source *source, const char *name,
	     unsigned int flags, struct tar **ret)
{
	struct tar *t = calloc(1, sizeof(*t));
	int r = t ? 0 : -ENOMEM;

	if (t) {
		t->stream = stream;
		t->source = source;
		t->name = name;
		t->flags = flags;
		t->archive = archive_read_new();
		t->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
		if (!t->archive || !t->locale)
			r = -ENOMEM;
	}
	if (r)
		log_error(r, "%s", name);
	else
		r = open_archive(t);
	if (r) {
		tar_close(t);
		return r;
	}
	*ret = t;
	return 0;
}
