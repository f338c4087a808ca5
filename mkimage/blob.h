/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blobs of images: bytes that a digest names, as registries have them
 * (ALGORITHM:HEX), and streams that are verified while they are read.  What
 * comes out of such a stream is the blob only once it has ended without error.
 *
 * Thread safety: a stream belongs to one thread.  Ownership: as stream.h says.
 * Errors: negative errno; what streams fail with is logged, -EBADMSG for what
 * is not the blob.
 */
#ifndef STENCIL_MKIMAGE_BLOB_H
#define STENCIL_MKIMAGE_BLOB_H

#include <stdint.h>

#include "mkimage/stream.h"

/* "sha512:" and 128 digits. */
#define BLOB_DIGEST_SIZE (7 + 128 + 1)
#define BLOB_SIZE_UNKNOWN UINT64_MAX

struct blob_digest {
	char text[BLOB_DIGEST_SIZE]; /* "sha256:HEX" or "sha512:HEX" */
};

/* -EINVAL unless it is one of the two algorithms, a colon, and as many
 * lower-case hex digits as it has.  Not logged. */
int blob_digest_parse(const char *text, struct blob_digest *ret);

/*
 * The same bytes, which must have this digest, and this size if known.  Owns
 * `inner` in any case; `name` is for messages and is copied.
 */
int blob_verify(struct stream *inner, const struct blob_digest *want,
		uint64_t size, const char *name, struct stream **ret);

/*
 * What is packed in the bytes: by gzip, zstd, bzip2, xz or not at all, which
 * the bytes tell.  Reads `inner` to its end.  Ownership and name as above.
 */
int blob_unpack(struct stream *inner, const char *name, struct stream **ret);

#endif
