/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done with a file's data, in one pass: SHA-1, the fs-verity digest,
 * writing with holes as holes, comparing.  Data are chunks in the order of
 * their offsets, none beyond `size`; what is between them is zeros.
 *
 * Thread safety: no state.  Ownership: descriptors and chunks of a list stay
 * the caller's.  Errors: negative errno, not logged.
 */
#ifndef STENCIL_MKIMAGE_CONTENT_H
#define STENCIL_MKIMAGE_CONTENT_H

#include <stdint.h>

#include "base/digest.h"

struct chunk;
struct pipeline_job;

int content_digest(const struct chunk *first, uint64_t size,
		   struct sha1 *ret_sha1, struct sha256 *ret_verity);

/* To the empty file fd. */
int content_write(int fd, const struct chunk *first, uint64_t size);

/* Is it what the file has, whose size agrees?  1, 0 or -errno. */
int content_equal(int fd, const struct chunk *first, uint64_t size);

/* Digests and writes the job's chunks as they come, and frees them. */
int content_stream(struct pipeline_job *job, int fd, uint64_t size,
		   struct sha1 *ret_sha1, struct sha256 *ret_verity);

#endif
