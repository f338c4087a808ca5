/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of variants in the pool.
 *
 * Thread safety: no state.  Errors: pool_name_parse() says -EINVAL.
 */
#ifndef STENCIL_MKIMAGE_POOL_NAME_H
#define STENCIL_MKIMAGE_POOL_NAME_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/digest.h"

#define POOL_DIR "pool"
#define POOL_NAME_MAX 64

struct pool_variant {
	struct sha1 sha1;
	unsigned int number;
	uint64_t ino; /* the caller's */
};

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

/* The reverse, of exactly such a name. */
static inline int pool_name_parse(const char *name, struct pool_variant *ret)
{
	struct pool_variant v = { .number = 0 };
	char hex[SHA1_HEX], again[POOL_NAME_MAX];
	uint64_t number = 0;

	if (strlen(name) < SHA1_HEX + 1 || name[2] != '/')
		return -EINVAL;
	memcpy(hex, name, 2);
	memcpy(hex + 2, name + 3, SHA1_HEX - 2);
	if (bytes_from_hex(hex, SHA1_HEX, v.sha1.bytes, sizeof(v.sha1.bytes)))
		return -EINVAL;
	if (name[SHA1_HEX + 1] == '.' &&
	    (bytes_parse_u64(name + SHA1_HEX + 2, &number) ||
	     number > UINT32_MAX))
		return -EINVAL;
	v.number = (unsigned int)number;
	/* One name has one spelling. */
	pool_name(again, &v.sha1, v.number);
	if (strcmp(name, again))
		return -EINVAL;
	*ret = v;
	return 0;
}

#endif
