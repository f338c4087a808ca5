// SPDX-License-Identifier: Apache-2.0
#include "mkimage/member_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "mkimage/stop.h"

#define READ_SIZE (256 << 10)

struct member_reader {
	struct stream stream;
	struct archive *archive;
	int fd;
	uint64_t at, size; /* where to read next; the file's size */
	uint64_t read;	   /* bytes of the member */
	const char *name;
	char *buffer; /* READ_SIZE */
};

static struct member_reader *from_stream(struct stream *s)
{
	return (struct member_reader *)((char *)s -
					offsetof(struct member_reader, stream));
}

static int failed(const struct member_reader *m)
{
	const char *text = archive_error_string(m->archive);
	int e = archive_errno(m->archive);

	if (e == EINTR)
		return -EINTR;
	log_error(0, "%s: %s", m->name, text ? text : "cannot be read");
	return e == ENOMEM || e == EIO ? -e : -EBADMSG;
}

static ssize_t read_file(struct archive *a, void *arg, const void **ret)
{
	struct member_reader *m = arg;
	ssize_t n;

	do {
		n = pread(m->fd, m->buffer, READ_SIZE, (off_t)m->at);
	} while (n < 0 && errno == EINTR && !stop_requested());
	if (n < 0) {
		archive_set_error(a, errno, "%s", strerror(errno));
		return ARCHIVE_FATAL;
	}
	m->at += (uint64_t)n;
	*ret = m->buffer;
	return n;
}

/* Never beyond the end, which libarchive is to find by reading. */
static int64_t skip_file(struct archive *a, void *arg, int64_t request)
{
	struct member_reader *m = arg;
	uint64_t left = m->at < m->size ? m->size - m->at : 0;

	if ((uint64_t)request > left)
		request = (int64_t)left;
	m->at += (uint64_t)request;
	return request;
}

void member_reader_free(struct member_reader *m)
{
	if (!m)
		return;
	if (m->archive)
		archive_read_free(m->archive);
	free(m->buffer);
	free(m);
}

static int open_archive(struct member_reader *m)
{
	struct archive *a = m->archive;

	if (archive_read_support_format_tar(a) < ARCHIVE_WARN ||
	    archive_read_set_read_callback(a, read_file) ||
	    archive_read_set_skip_callback(a, skip_file) ||
	    archive_read_set_callback_data(a, m) || archive_read_open1(a))
		return failed(m);
	return 0;
}

int member_reader_new(int fd, uint64_t offset, const char *name,
		      struct member_reader **ret)
{
	struct member_reader *m = calloc(1, sizeof(*m));
	struct stat st;
	int r = -ENOMEM;

	if (m) {
		m->fd = fd;
		m->at = offset;
		m->name = name;
		m->archive = archive_read_new();
		m->buffer = malloc(READ_SIZE);
		if (m->archive && m->buffer)
			r = fstat(fd, &st) ? -errno : 0;
	}
	if (r) {
		log_error(r, "%s", name);
	} else {
		m->size = (uint64_t)st.st_size;
		r = open_archive(m);
	}
	if (r) {
		member_reader_free(m);
		return r;
	}
	*ret = m;
	return 0;
}

int member_reader_next(struct member_reader *m, struct archive_entry **ret,
		       uint64_t *ret_offset)
{
	struct archive_entry *ae;
	int r = archive_read_next_header(m->archive, &ae);

	if (r == ARCHIVE_EOF)
		return 0;
	/* A warning is about a name that is not to be had in this locale. */
	if (r < ARCHIVE_WARN)
		return failed(m);
	*ret = ae;
	*ret_offset = (uint64_t)archive_read_header_position(m->archive);
	return 1;
}

static ssize_t stream_member(struct stream *s, const void **ret)
{
	struct member_reader *m = from_stream(s);
	int64_t offset;
	size_t len;
	int r;

	do {
		r = archive_read_data_block(m->archive, ret, &len, &offset);
		if (r == ARCHIVE_EOF)
			return 0;
		if (r != ARCHIVE_OK)
			return failed(m);
	} while (!len);
	if (offset < 0 || (uint64_t)offset != m->read) {
		log_error(0, "%s: has a member with holes", m->name);
		return -EBADMSG;
	}
	m->read += len;
	return (ssize_t)len;
}

static void close_member(struct stream *s)
{
	member_reader_free(from_stream(s));
}

int member_reader_stream(struct member_reader *m, struct stream **ret)
{
	struct archive_entry *ae;
	uint64_t offset;
	int r = member_reader_next(m, &ae, &offset);

	if (r <= 0) {
		if (!r)
			log_error(0, "%s: has changed", m->name);
		member_reader_free(m);
		return r ? r : -EBADMSG;
	}
	m->stream.read = stream_member;
	m->stream.close = close_member;
	*ret = &m->stream;
	return 0;
}
