// SPDX-License-Identifier: Apache-2.0
/*
 * libfsverity asks for the data in order and in small pieces; that is the pump:
 * when it has used up a block, the next one is fetched from the source, and is
 * written and fed to SHA-1 as a whole.
 */
#include "mkimage/content.h"

#include <errno.h>
#include <fcntl.h>
#include <libfsverity.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "mkimage/progress.h"
#include "mkimage/source.h"
#include "mkimage/stop.h"

#define SURELY_POSSIBLE (1LL << 30)

static const char zeros[65536];

struct copy {
	struct source *source;
	struct progress *progress;
	int fd;
	uint64_t size;
	uint64_t pos;		   /* what libfsverity has got */
	uint64_t written;	   /* up to here; holes behind are to be made */
	struct source_block block; /* never ends before pos */
	bool ended;
	bool logged;
	struct digest_ctx *sha1;
};

static int hash_zeros(struct copy *c, uint64_t len)
{
	int r = 0;

	while (len && !r) {
		size_t n = len < sizeof(zeros) ? len : sizeof(zeros);

		r = digest_update(c->sha1, zeros, n);
		if (!r)
			r = stop_requested();
		len -= n;
	}
	return r;
}

static int write_block(struct copy *c)
{
	if (c->block.offset != c->written &&
	    lseek(c->fd, (off_t)c->block.offset, SEEK_SET) < 0)
		return -errno;
	c->written = c->block.offset + c->block.len;
	return fileio_write_all(c->fd, c->block.data, c->block.len);
}

/* The next block, or an empty one at the file's size. */
static int fetch(struct copy *c)
{
	uint64_t end = c->block.offset + c->block.len;
	int r = stop_requested();

	if (!r)
		r = source_data(c->source, &c->block);
	if (r < 0) {
		c->logged = true;
		return r;
	}
	if (!r) {
		c->ended = true;
		c->block = (struct source_block){ NULL, 0, c->size };
	}
	if (c->block.offset < end || c->block.offset > c->size ||
	    c->block.len > c->size - c->block.offset)
		return -EFBIG;
	r = hash_zeros(c, c->block.offset - end);
	if (!r && c->block.len) {
		r = digest_update(c->sha1, c->block.data, c->block.len);
		if (!r)
			r = write_block(c);
	}
	progress_add(c->progress, 0, c->block.offset + c->block.len - end);
	return r;
}

/* libfsverity's reader: exactly `count` bytes. */
static int read_data(void *arg, void *buf, size_t count)
{
	struct copy *c = arg;
	char *out = buf;

	while (count) {
		uint64_t end = c->block.offset + c->block.len;
		size_t n = count;

		if (c->pos == end) {
			int r = c->ended ? -EIO : fetch(c);

			if (r)
				return r;
			continue;
		}
		if (c->pos < c->block.offset) {
			if (n > c->block.offset - c->pos)
				n = c->block.offset - c->pos;
			memset(out, 0, n);
		} else {
			if (n > end - c->pos)
				n = end - c->pos;
			memcpy(out, (const char *)c->block.data +
				       (c->pos - c->block.offset), n);
		}
		out += n;
		count -= n;
		c->pos += n;
	}
	return 0;
}

static int run(struct copy *c, struct sha1 *sha1, struct sha256 *verity)
{
	struct libfsverity_merkle_tree_params params = {
		.version = 1,
		.hash_algorithm = FS_VERITY_HASH_ALG_SHA256,
		.file_size = c->size,
		.block_size = 4096,
	};
	_cleanup_free struct libfsverity_digest *digest = NULL;
	int r = libfsverity_compute_digest(c, read_data, &params, &digest);

	/* The source must end here; and it checks at its end that the file did
	 * not change. */
	while (!r && !c->ended)
		r = fetch(c);
	if (!r && c->written < c->size &&
	    ftruncate(c->fd, (off_t)c->size))
		r = -errno;
	if (!r)
		r = digest_final(c->sha1, sha1->bytes);
	if (!r)
		memcpy(verity->bytes, digest->digest, sizeof(verity->bytes));
	return r;
}

int content_copy(struct source *s, int fd, uint64_t size, struct progress *p,
		 struct sha1 *ret_sha1, struct sha256 *ret_verity,
		 bool *ret_logged)
{
	struct copy c = { .source = s, .progress = p, .fd = fd, .size = size };
	struct sha256 verity;
	struct sha1 sha1;
	int r;

	*ret_logged = false;
	if (size > INT64_MAX)
		return -EFBIG;
	/* What no file can hold is refused before its zeros are hashed. */
	if (size > SURELY_POSSIBLE && ftruncate(fd, (off_t)size))
		return -errno;
	r = digest_new(&c.sha1, DIGEST_SHA1);
	if (r)
		return r;
	r = run(&c, &sha1, &verity);
	digest_free(c.sha1);
	*ret_logged = c.logged;
	if (r)
		return r;
	*ret_sha1 = sha1;
	*ret_verity = verity;
	return 0;
}
