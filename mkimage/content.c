// SPDX-License-Identifier: Apache-2.0
/*
 * libfsverity asks for the data in order and in small pieces; that is the pump:
 * when it has used up a chunk, the next one is fetched, and is fed to SHA-1
 * (and, of a stream, written) as a whole.
 */
#include "mkimage/content.h"

#include <errno.h>
#include <libfsverity.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "mkimage/pipeline.h"
#include "mkimage/stop.h"

#define COMPARE_SIZE 65536

static const char zeros[65536];

struct pump {
	/* 1 with the next chunk, 0 at the end. */
	int (*next)(struct pump *p, const struct chunk **ret);
	const struct chunk *at; /* the one in work, or NULL at the end */
	uint64_t start, end;	/* of it, and the size at the end */
	uint64_t size;
	uint64_t pos; /* what libfsverity has got */
	struct digest_ctx *sha1;
	/* Of a list: */
	const struct chunk *list;
	/* Of a stream: */
	struct pipeline_job *job;
	struct chunk *held;
	int fd;
};

static int hash_zeros(struct pump *p, uint64_t len)
{
	int r = 0;

	while (len && !r) {
		size_t n = len < sizeof(zeros) ? len : sizeof(zeros);

		r = digest_update(p->sha1, zeros, n);
		if (!r)
			r = stop_requested();
		len -= n;
	}
	return r;
}

static int fetch(struct pump *p)
{
	uint64_t before = p->end;
	int r = p->next(p, &p->at);

	if (r < 0)
		return r;
	if (!r)
		p->at = NULL;
	p->start = r ? p->at->offset : p->size;
	p->end = r ? p->start + p->at->len : p->size;
	r = hash_zeros(p, p->start - before);
	if (!r && p->at)
		r = digest_update(p->sha1, p->at->data, p->at->len);
	return r;
}

/* libfsverity's reader: exactly `count` bytes. */
static int read_data(void *arg, void *buf, size_t count)
{
	struct pump *p = arg;
	char *out = buf;

	while (count) {
		size_t n = count;

		if (p->pos == p->end) {
			int r = fetch(p);

			if (r)
				return r;
			continue;
		}
		if (p->pos < p->start) {
			if (n > p->start - p->pos)
				n = p->start - p->pos;
			memset(out, 0, n);
		} else {
			if (n > p->end - p->pos)
				n = p->end - p->pos;
			memcpy(out, p->at->data + (p->pos - p->start), n);
		}
		out += n;
		count -= n;
		p->pos += n;
	}
	return 0;
}

static int run(struct pump *p, struct sha1 *ret_sha1,
	       struct sha256 *ret_verity)
{
	struct libfsverity_merkle_tree_params params = {
		.version = 1,
		.hash_algorithm = FS_VERITY_HASH_ALG_SHA256,
		.file_size = p->size,
		.block_size = 4096,
	};
	_cleanup_free struct libfsverity_digest *digest = NULL;
	struct sha1 sha1;
	int r = digest_new(&p->sha1, DIGEST_SHA1);

	if (r)
		return r;
	r = libfsverity_compute_digest(p, read_data, &params, &digest);
	/* It does not ask behind the size; a stream's end must be waited for. */
	if (!r && (p->at || !p->size)) {
		r = p->next(p, &p->at);
		if (r > 0)
			r = -EFBIG;
	}
	if (!r)
		r = digest_final(p->sha1, sha1.bytes);
	digest_free(p->sha1);
	if (r)
		return r;
	*ret_sha1 = sha1;
	memcpy(ret_verity->bytes, digest->digest, sizeof(ret_verity->bytes));
	return 0;
}

static int next_of_list(struct pump *p, const struct chunk **ret)
{
	*ret = p->list;
	if (!p->list)
		return 0;
	p->list = p->list->next;
	return 1;
}

int content_digest(const struct chunk *first, uint64_t size,
		   struct sha1 *ret_sha1, struct sha256 *ret_verity)
{
	struct pump p = { .next = next_of_list, .size = size, .list = first };

	return run(&p, ret_sha1, ret_verity);
}

static int write_chunk(int fd, const struct chunk *c)
{
	size_t done = 0;

	while (done < c->len) {
		ssize_t n = pwrite(fd, c->data + done, c->len - done,
				   (off_t)(c->offset + done));

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* A hole at the end. */
static int set_size(int fd, uint64_t end, uint64_t size)
{
	return end < size && ftruncate(fd, (off_t)size) ? -errno : 0;
}

int content_write(int fd, const struct chunk *first, uint64_t size)
{
	uint64_t end = 0;
	int r = 0;

	for (const struct chunk *c = first; c && !r; c = c->next) {
		r = write_chunk(fd, c);
		end = c->offset + c->len;
	}
	return r ? r : set_size(fd, end, size);
}

static int next_of_stream(struct pump *p, const struct chunk **ret)
{
	int r;

	if (p->held)
		pipeline_free_chunk(p->job->pipeline, take_ptr(p->held));
	r = stop_requested();
	if (!r)
		r = pipeline_next_chunk(p->job, &p->held);
	if (r > 0) {
		*ret = p->held;
		r = write_chunk(p->fd, p->held);
		r = r ? r : 1;
	}
	return r;
}

int content_stream(struct pipeline_job *job, int fd, uint64_t size,
		   struct sha1 *ret_sha1, struct sha256 *ret_verity)
{
	struct pump p = { .next = next_of_stream, .size = size, .job = job,
			  .fd = fd };
	int r;

	/* First: what no file can hold is refused before zeros are hashed. */
	if (ftruncate(fd, (off_t)size))
		return -errno;
	r = run(&p, ret_sha1, ret_verity);
	if (p.held)
		pipeline_free_chunk(job->pipeline, p.held);
	return r;
}

/* The file's bytes [at, at + len), which are data, or zeros where data is
 * NULL. */
static int equal_piece(int fd, uint64_t at, const char *data, uint64_t len)
{
	char buf[COMPARE_SIZE];

	while (len) {
		size_t want = len < sizeof(buf) ? len : sizeof(buf);
		ssize_t n = pread(fd, buf, want, (off_t)at);
		int r = stop_requested();

		if (r)
			return r;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (!n)
			return 0;
		if (n < 0)
			continue;
		if (memcmp(buf, data ? data : zeros, (size_t)n))
			return 0;
		data = data ? data + n : NULL;
		at += (size_t)n;
		len -= (size_t)n;
	}
	return 1;
}

int content_equal(int fd, const struct chunk *first, uint64_t size)
{
	uint64_t end = 0;
	int r = 1;

	for (const struct chunk *c = first; c && r > 0; c = c->next) {
		r = equal_piece(fd, end, NULL, c->offset - end);
		if (r > 0)
			r = equal_piece(fd, c->offset, c->data, c->len);
		end = c->offset + c->len;
	}
	return r > 0 ? equal_piece(fd, end, NULL, size - end) : r;
}
