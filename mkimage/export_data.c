// SPDX-License-Identifier: Apache-2.0
/*
 * A file that fits into the buffer is read once.  A larger one is read twice,
 * as the header says where data is before the first of it comes; the digest is
 * that of what was written, holes as zeros.
 */
#include "mkimage/export_data.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/fileio.h"
#include "base/manifest.h"
#include "mkimage/progress.h"
#include "mkimage/stop.h"

#define BUFFER_SIZE (4u << 20)
#define BLOCK 4096u	   /* zeros count in whole ones */
#define HOLE_MIN (64u << 10) /* less is compressed just as well */
/*
 * Of a sparse file whose name does not fit into the old header, libarchive's
 * writer gives a shortened name, and readers take that one (3.6.2).
 */
#define SPARSE_NAME_MAX 99

struct region {
	uint64_t start, end;
};

struct export_data {
	int rootfd;
	int fd;
	struct progress *progress;
	char *buffer;
	const struct manifest_entry *entry;
	bool buffered;		 /* the buffer has the whole file */
	struct region *regions; /* data, in order, with holes between */
	size_t nregions, size;
	struct digest_ctx *sha1;
};

static const char zeros[65536];

int export_data_new(struct export_data **ret, int rootfd, struct progress *p)
{
	struct export_data *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->rootfd = rootfd;
	d->fd = -1;
	d->progress = p;
	d->buffer = malloc(BUFFER_SIZE);
	if (!d->buffer) {
		export_data_free(d);
		return -ENOMEM;
	}
	*ret = d;
	return 0;
}

static void close_file(struct export_data *d)
{
	if (d->fd >= 0)
		close(take_fd(&d->fd));
	digest_free(d->sha1);
	d->sha1 = NULL;
	d->nregions = 0;
	d->buffered = false;
}

void export_data_free(struct export_data *d)
{
	if (!d)
		return;
	close_file(d);
	free(d->regions);
	free(d->buffer);
	free(d);
}

/* Data at [start, end), behind all before. */
static int add_region(struct export_data *d, uint64_t start, uint64_t end)
{
	struct region *last = d->nregions ? &d->regions[d->nregions - 1] : NULL;

	if (start - (last ? last->end : 0) < HOLE_MIN) {
		if (last) {
			last->end = end;
			return 0;
		}
		start = 0;
	}
	if (d->nregions == d->size) {
		size_t size = d->size ? 2 * d->size : 64;
		struct region *grown;

		grown = reallocarray(d->regions, size, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		d->regions = grown;
		d->size = size;
	}
	d->regions[d->nregions++] = (struct region){ start, end };
	return 0;
}

static bool is_zero(const char *p, size_t len)
{
	return !p[0] && !memcmp(p, p + 1, len - 1);
}

/* The file's data at `pos`, up to `max` bytes. */
static ssize_t read_at(struct export_data *d, uint64_t pos, uint64_t max,
		       const char **ret)
{
	ssize_t n;

	if (d->buffered) {
		*ret = d->buffer + pos;
		return (ssize_t)max;
	}
	if (max > BUFFER_SIZE)
		max = BUFFER_SIZE;
	do {
		n = pread(d->fd, d->buffer, max, (off_t)pos);
	} while (n < 0 && errno == EINTR && !stop_requested());
	*ret = d->buffer;
	return n < 0 ? -errno : n;
}

static int scan_piece(struct export_data *d, const char *data, uint64_t pos,
		      size_t len)
{
	int r = 0;

	for (size_t at = 0; at < len && !r; at += BLOCK) {
		size_t n = len - at < BLOCK ? len - at : BLOCK;

		if (!is_zero(data + at, n))
			r = add_region(d, pos + at, pos + at + n);
	}
	return r;
}

/* The next block at or behind pos that may have data. */
static uint64_t skip_hole(const struct export_data *d, uint64_t pos,
			  uint64_t size)
{
	off_t off;

	if (d->buffered)
		return pos;
	off = lseek(d->fd, (off_t)pos, SEEK_DATA);
	if (off < 0)
		return errno == ENXIO ? size : pos;
	off -= off % BLOCK;
	return (uint64_t)off > pos ? (uint64_t)off : pos;
}

static int find_regions(struct export_data *d, uint64_t size)
{
	uint64_t pos = 0;
	const char *data;

	while ((pos = skip_hole(d, pos, size)) < size) {
		ssize_t n = read_at(d, pos, size - pos, &data);
		int r = stop_requested();

		if (n < 0)
			return (int)n;
		/* In whole blocks, so that the next piece starts with one. */
		if ((uint64_t)n < size - pos)
			n -= n % BLOCK;
		if (!n)
			return -EBADMSG;
		if (!r)
			r = scan_piece(d, data, pos, (size_t)n);
		if (r)
			return r;
		pos += (uint64_t)n;
	}
	/* Zeros at the end that are too few for a hole. */
	return size - (d->nregions ? d->regions[d->nregions - 1].end : 0) <
			       HOLE_MIN
		       ? add_region(d, size, size)
		       : 0;
}

static int open_file(struct export_data *d, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_MAGICLINKS,
	};
	struct stat st;
	ssize_t n;

	d->fd = (int)syscall(SYS_openat2, d->rootfd, path + 1, &how,
			     sizeof(how));
	if (d->fd < 0)
		return -errno;
	if (fstat(d->fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != d->entry->size)
		return -EBADMSG;
	if (st.st_size > BUFFER_SIZE)
		return 0;
	n = fileio_read_full(d->fd, d->buffer, (size_t)st.st_size);
	if (n < 0)
		return (int)n;
	d->buffered = n == st.st_size;
	return d->buffered ? 0 : -EBADMSG;
}

int export_data_open(struct export_data *d, const struct manifest_entry *e)
{
	int r;

	close_file(d);
	d->entry = e;
	r = digest_new(&d->sha1, DIGEST_SHA1);
	if (!r)
		r = open_file(d, e->path);
	if (r)
		return r;
	if (e->size < HOLE_MIN || strlen(e->path + 1) > SPARSE_NAME_MAX)
		return add_region(d, 0, e->size);
	return find_regions(d, e->size);
}

void export_data_describe(struct export_data *d, struct archive_entry *ae)
{
	if (d->nregions == 1 && !d->regions[0].start &&
	    d->regions[0].end == d->entry->size)
		return;
	if (!d->nregions) /* nothing but a hole */
		archive_entry_sparse_add_entry(ae, 0, 0);
	for (size_t i = 0; i < d->nregions; i++)
		archive_entry_sparse_add_entry(
			ae, (int64_t)d->regions[i].start,
			(int64_t)(d->regions[i].end - d->regions[i].start));
}

static int put(struct export_data *d, struct archive *a, const void *data,
	       size_t len, bool *ret_archive)
{
	int r = digest_update(d->sha1, data, len);

	if (r)
		return r;
	if (archive_write_data(a, data, len) != (ssize_t)len) {
		*ret_archive = true;
		return -EIO;
	}
	progress_add(d->progress, 0, len);
	return stop_requested();
}

/* libarchive wants the zeros, and leaves them out. */
static int put_zeros(struct export_data *d, struct archive *a, uint64_t len,
		     bool *ret_archive)
{
	int r = 0;

	while (len && !r) {
		size_t n = len < sizeof(zeros) ? len : sizeof(zeros);

		r = put(d, a, zeros, n, ret_archive);
		len -= n;
	}
	return r;
}

static int put_region(struct export_data *d, struct archive *a,
		      struct region region, bool *ret_archive)
{
	const char *data;

	while (region.start < region.end) {
		ssize_t n = read_at(d, region.start, region.end - region.start,
				    &data);
		int r;

		if (n <= 0)
			return n ? (int)n : -EBADMSG;
		r = put(d, a, data, (size_t)n, ret_archive);
		if (r)
			return r;
		region.start += (uint64_t)n;
	}
	return 0;
}

int export_data_write(struct export_data *d, struct archive *a,
		      bool *ret_archive)
{
	struct sha1 sha1;
	uint64_t pos = 0;
	int r = 0;

	for (size_t i = 0; i < d->nregions && !r; i++) {
		r = put_zeros(d, a, d->regions[i].start - pos, ret_archive);
		if (!r)
			r = put_region(d, a, d->regions[i], ret_archive);
		pos = d->regions[i].end;
	}
	if (!r)
		r = put_zeros(d, a, d->entry->size - pos, ret_archive);
	if (!r)
		r = digest_final(d->sha1, sha1.bytes);
	if (!r && memcmp(&sha1, &d->entry->sha1, sizeof(sha1)))
		r = -EBADMSG;
	return r;
}
