/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one pass over a file's data: read from the source, hashed twice, written.
 *
 * Thread safety: one source, one thread.  Errors: negative errno; logged by
 * the source, or by the caller when *ret_logged is false.
 */
#ifndef STENCIL_MKIMAGE_CONTENT_H
#define STENCIL_MKIMAGE_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"

struct source;
struct progress;

/*
 * Copies the data of the source's current entry to the empty file fd, holes as
 * holes, and gives it `size` bytes.  Data beyond size is -EFBIG.
 */
int content_copy(struct source *s, int fd, uint64_t size, struct progress *p,
		 struct sha1 *ret_sha1, struct sha256 *ret_verity,
		 bool *ret_logged);

#endif
