// SPDX-License-Identifier: Apache-2.0
#include "mkimage/blob.h"

#include <errno.h>
#include <stdbool.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/log.h"

static const struct algorithm {
	const char *prefix;
	size_t len; /* of the digest, in bytes */
	enum digest_kind kind;
} algorithms[] = {
	{ "sha256:", 32, DIGEST_SHA256 },
	{ "sha512:", 64, DIGEST_SHA512 },
};

#define NALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))
#define LONGEST 64

struct blob_check {
	struct stream stream;
	struct stream *inner;
	const struct algorithm *algorithm;
	struct blob_digest want;
	uint64_t size, got;
	struct digest_ctx *digest;
	bool ended;
	int error; /* that was logged: whoever reads on gets it again */
	char *name;
};

static struct blob_check *from_stream(struct stream *s)
{
	return (struct blob_check *)((char *)s -
				     offsetof(struct blob_check, stream));
}

static const struct algorithm *find(const char *text)
{
	for (size_t i = 0; i < NALGORITHMS; i++)
		if (!strncmp(text, algorithms[i].prefix,
			     strlen(algorithms[i].prefix)))
			return &algorithms[i];
	return NULL;
}

int blob_digest_parse(const char *text, struct blob_digest *ret)
{
	const struct algorithm *a = find(text);
	uint8_t digest[LONGEST];
	const char *hex;

	if (!a)
		return -EINVAL;
	hex = text + strlen(a->prefix);
	if (bytes_from_hex(hex, strlen(hex), digest, a->len))
		return -EINVAL;
	snprintf(ret->text, sizeof(ret->text), "%s", text);
	return 0;
}

static int wrong_size(const struct blob_check *c)
{
	log_error(0, "%s: has %s %" PRIu64 " bytes, not the %" PRIu64 " that it should have",
		  c->name, c->got > c->size ? "more than" : "only",
		  c->got > c->size ? c->size : c->got, c->size);
	return -EBADMSG;
}

static int check_end(struct blob_check *c)
{
	uint8_t digest[LONGEST];
	char hex[2 * LONGEST + 1];
	int r;

	if (c->size != BLOB_SIZE_UNKNOWN && c->got != c->size)
		return wrong_size(c);
	r = digest_final(c->digest, digest);
	if (r) {
		log_error(r, "%s", c->name);
		return r;
	}
	bytes_to_hex(digest, c->algorithm->len, hex);
	if (!strcmp(hex, c->want.text + strlen(c->algorithm->prefix)))
		return 0;
	log_error(0, "%s: its digest is %s%s and should be %s", c->name,
		  c->algorithm->prefix, hex, c->want.text);
	return -EBADMSG;
}

/* What came out of the inner stream: the same, or what is wrong with it. */
static ssize_t check_block(struct blob_check *c, const void *block, ssize_t n)
{
	int r;

	if (n < 0)
		return n;
	if (!n) {
		r = check_end(c);
		c->ended = !r;
		return r;
	}
	c->got += (uint64_t)n;
	if (c->got > c->size)
		return wrong_size(c);
	r = digest_update(c->digest, block, (size_t)n);
	if (r)
		log_error(r, "%s", c->name);
	return r ? r : n;
}

static ssize_t check_read(struct stream *s, const void **ret)
{
	struct blob_check *c = from_stream(s);
	const void *block = NULL;
	ssize_t n;

	if (c->ended || c->error)
		return c->error;
	n = stream_read(c->inner, &block);
	n = check_block(c, block, n);
	if (n < 0)
		c->error = (int)n;
	else
		*ret = block;
	return n;
}

static void check_close(struct stream *s)
{
	struct blob_check *c = from_stream(s);

	stream_close(c->inner);
	digest_free(c->digest);
	free(c->name);
	free(c);
}

int blob_verify(struct stream *inner, const struct blob_digest *want,
		uint64_t size, const char *name, struct stream **ret)
{
	struct blob_check *c = calloc(1, sizeof(*c));
	int r = -ENOMEM;

	if (c) {
		c->stream.read = check_read;
		c->stream.close = check_close;
		c->inner = inner;
		c->want = *want;
		c->size = size;
		c->algorithm = find(want->text);
		c->name = strdup(name);
		if (c->name)
			r = digest_new(&c->digest, c->algorithm->kind);
	} else {
		stream_close(inner);
	}
	if (r) {
		log_error(r, "%s", name);
		stream_close(c ? &c->stream : NULL);
		return r;
	}
	*ret = &c->stream;
	return 0;
}
