/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that come in blocks: a file's, a blob's, what is unpacked of one.  A
 * kind embeds struct stream and fills in its two functions; one that reads
 * another stream owns that.
 *
 * Thread safety: a stream belongs to one thread.  Ownership: a block is the
 * stream's and lives until the next call; stream_close() frees the stream and
 * all that it reads.  Errors: negative errno, logged by the stream, which
 * alone knows what it reads, and once: after an error reading on is useless.
 * -EINTR, after a signal, is not logged.
 */
#ifndef STENCIL_MKIMAGE_STREAM_H
#define STENCIL_MKIMAGE_STREAM_H

#include <stddef.h>
#include <sys/types.h>

#include "base/bytes.h"

struct stream {
	ssize_t (*read)(struct stream *s, const void **ret);
	void (*close)(struct stream *s);
	int error; /* what it has failed with */
};

/* The length of the next block; 0 at the end, and from then on.  A stream that
 * has failed fails again with the same, and without a word: libarchive reads on
 * after an error. */
ssize_t stream_read(struct stream *s, const void **ret);

/* NULL is allowed. */
void stream_close(struct stream *s);

/* A file from where its offset is to its end.  Owns fd in any case; `name` is
 * for messages and is copied, here and below. */
int stream_open_file(int fd, const char *name, struct stream **ret);

/* What is left of a stream, at most `max` bytes: -EFBIG.  Replaces what ret
 * held. */
int stream_read_all(struct stream *s, size_t max, const char *name,
		    struct bytes *ret);

/* Reads what is left, for what the stream checks at its end. */
int stream_drain(struct stream *s);

#endif
