/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of variants in the pool.
 *
 * Thread safety: no state.  No function fails.
 */
#ifndef STENCIL_MKIMAGE_POOL_NAME_H
#define STENCIL_MKIMAGE_POOL_NAME_H

#include <stdio.h>

#include "base/bytes.h"
#include "base/digest.h"

#define POOL_DIR "pool"
#define POOL_NAME_MAX 64

/* "ab/cdef...", from variant 1 on with ".1". */
static inline void pool_name(char out[static POOL_NAME_MAX],
			     const struct sha1 *sha1, unsigned int variant)
{
	char hex[SHA1_HEX + 1];

	bytes_to_hex(sha1->bytes, sizeof(sha1->bytes), hex);
	if (variant)
		snprintf(out, POOL_NAME_MAX, "%.2s/%s.%u", hex, hex + 2,
			 variant);
	else
		snprintf(out, POOL_NAME_MAX, "%.2s/%s", hex, hex + 2);
}

#endif
