/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that come in blocks: an archive's, a blob's, what is unpacked of one.
 * Each kind embeds struct stream, and its maker says how it is freed.
 *
 * Thread safety: a stream belongs to one thread.  Ownership: a block is the
 * stream's and lives until the next call.  Errors: negative errno, logged by
 * the stream, which alone knows what it reads.
 */
#ifndef STENCIL_MKIMAGE_STREAM_H
#define STENCIL_MKIMAGE_STREAM_H

#include <sys/types.h>

struct stream {
	/* The length of the next block, 0 at the end (then again 0). */
	ssize_t (*read)(struct stream *s, const void **ret);
};

#endif
