/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an archive's bytes go: digested, compressed, digested again, written.
 * What comes out depends on the bytes alone: no time, no name, no number of
 * CPUs.
 *
 * Thread safety: one thread.  Ownership: the descriptor stays the caller's.
 * Errors: negative errno; nothing is logged.
 */
#ifndef STENCIL_MKIMAGE_EXPORT_STREAM_H
#define STENCIL_MKIMAGE_EXPORT_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

enum export_compression {
	EXPORT_PLAIN,
	EXPORT_GZIP,
	EXPORT_ZSTD,
	EXPORT_XZ,
	EXPORT_BZIP2,
};

/* What went in, and what came out. */
struct export_sums {
	struct sha256 plain, written;
	uint64_t plain_size, written_size;
};

struct export_stream;

int export_stream_new(struct export_stream **ret, int fd,
		      enum export_compression compression);
/* NULL is allowed. */
void export_stream_free(struct export_stream *s);

int export_stream_write(struct export_stream *s, const void *data, size_t len);

/* Writes what is left; then the stream can only be freed. */
int export_stream_finish(struct export_stream *s, struct export_sums *ret);

/* "gzip"; and back: -EINVAL. */
const char *export_stream_name(enum export_compression c);
int export_stream_parse(const char *name, enum export_compression *ret);

#endif
