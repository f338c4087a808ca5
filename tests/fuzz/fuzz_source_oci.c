// SPDX-License-Identifier: Apache-2.0
/*
 * An image layout made of the input: pieces with "\n--\n" between them.  The
 * first is index.json, each other one a blob, under its right digest, so that
 * what is behind the digests is met, too.  In a piece @1, @2, ... stand for a
 * descriptor's digest and size of a later piece, @d1, @d2, ... for its digest
 * alone (as a DiffID).
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/fileio.h"
#include "mkimage/source.h"
#include "tests/fuzz/fuzz_log.h"
#include "tests/fuzz/source_check.h"
#include "tests/fuzz/tar_sums.h"

#define MAX_SIZE (4 << 20)
#define MAX_PIECES 10
#define BREAK "\n--\n"
#define VERSION "{\"imageLayoutVersion\": \"1.0.0\"}"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned int seed);

struct piece {
	const char *data;
	size_t len;
	char digest[2 * sizeof(struct sha256) + 1];
	size_t size; /* of what was written */
};

static struct fuzz_log messages;
static char dir[] = "/dev/shm/stencil-fuzz-oci.XXXXXX";
static char source[64];
static int dirfd_, blobsfd;

static void remove_dir(void)
{
	(void)fileio_remove_tree(AT_FDCWD, dir); /* there is nobody to tell */
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	fuzz_log_init(&messages);
	require(mkdtemp(dir) != NULL);
	atexit(remove_dir);
	snprintf(source, sizeof(source), "oci:%s", dir);
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY);
	require(dirfd_ >= 0 && !mkdirat(dirfd_, "blobs", 0700) &&
		!mkdirat(dirfd_, "blobs/sha256", 0700));
	blobsfd = openat(dirfd_, "blobs/sha256", O_RDONLY | O_DIRECTORY);
	require(blobsfd >= 0);
	require(!fileio_write_file(dirfd_, "oci-layout", VERSION,
				   strlen(VERSION), 0600));
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned int seed)
{
	size = LLVMFuzzerMutate(data, size, max);
	if (seed % 8)
		tar_fix_sums(data, size);
	return size;
}

/* What stands at the `@`, appended: how many bytes of input it was, or 0. */
static size_t expand(const char *at, size_t left, const struct piece *pieces,
		     size_t self, size_t n, struct bytes *out)
{
	bool digest = left > 2 && at[1] == 'd';
	size_t len = digest ? 3 : 2, i;

	if (left < len || at[len - 1] < '0' || at[len - 1] > '9')
		return 0;
	i = (size_t)(at[len - 1] - '0');
	if (i <= self || i >= n)
		return 0;
	if (digest)
		require(!bytes_addf(out, "\"sha256:%s\"", pieces[i].digest));
	else
		require(!bytes_addf(out, "\"digest\":\"sha256:%s\",\"size\":%zu",
				    pieces[i].digest, pieces[i].size));
	return len;
}

static void write_piece(struct piece *pieces, size_t i, size_t n)
{
	_cleanup_bytes struct bytes text = BYTES_INIT;
	const struct piece *p = &pieces[i];
	struct sha256 digest;

	require(!bytes_add(&text, "", 0));
	for (size_t at = 0; at < p->len;) {
		size_t used = p->data[at] == '@'
				      ? expand(p->data + at, p->len - at,
					       pieces, i, n, &text)
				      : 0;

		if (!used)
			require(!bytes_add(&text, p->data + at, 1));
		at += used ? used : 1;
	}
	require(!sha256_of(text.data, text.len, &digest));
	bytes_to_hex(digest.bytes, sizeof(digest.bytes), pieces[i].digest);
	pieces[i].size = text.len;
	require(!fileio_write_file(i ? blobsfd : dirfd_,
				   i ? pieces[i].digest : "index.json",
				   text.data, text.len, 0600));
}

static size_t split(const uint8_t *data, size_t size, struct piece *pieces)
{
	const char *at = (const char *)data, *end = at + size, *next;
	size_t n = 0;

	while (n < MAX_PIECES) {
		next = memmem(at, (size_t)(end - at), BREAK, strlen(BREAK));
		pieces[n].data = at;
		pieces[n++].len = (size_t)((next ? next : end) - at);
		if (!next)
			break;
		at = next + strlen(BREAK);
	}
	return n;
}

static int read_all(void)
{
	struct source_options options = { .max_size = MAX_SIZE };
	struct source *s;
	int r = source_open(source, &options, &s);

	if (r)
		return r;
	r = source_check_all(s);
	source_close(s);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct piece pieces[MAX_PIECES] = { 0 };
	size_t n = split(data, size, pieces);
	int r;

	for (size_t i = n; i > 0; i--)
		write_piece(pieces, i - 1, n);
	fuzz_log_begin(&messages);
	r = read_all();
	fuzz_log_end(&messages, r < 0);
	require(r <= 0);
	for (size_t i = 1; i < n; i++)
		(void)unlinkat(blobsfd, pieces[i].digest, 0); /* may be twice */
	return 0;
}
