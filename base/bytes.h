/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text and numbers: a growing buffer, strict number parsing, hex.
 *
 * Thread safety: a struct bytes belongs to one thread at a time; the other
 * functions have no state.  Ownership: bytes_release() frees; bytes_take()
 * hands the storage to the caller, who frees it.  Errors: negative errno; a
 * failed bytes_* call leaves the buffer as it was.
 */
#ifndef STENCIL_BASE_BYTES_H
#define STENCIL_BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct bytes {
	char *data; /* NUL after data[len - 1] whenever data is not NULL */
	size_t len;
	size_t size;
};

#define BYTES_INIT { NULL, 0, 0 }

void bytes_release(struct bytes *b);
#define _cleanup_bytes __attribute__((cleanup(bytes_release)))

/* -ENOMEM. */
int bytes_add(struct bytes *b, const void *data, size_t len);
int bytes_adds(struct bytes *b, const char *s);
int bytes_addf(struct bytes *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Returns the NUL-terminated content ("" when empty), NULL without memory. */
char *bytes_take(struct bytes *b);

/* Whole string, base 10, no sign, no blanks.  -EINVAL, -ERANGE. */
int bytes_parse_u64(const char *s, uint64_t *ret);

/* The same with one of k, M, G, T, P, E behind it (either case), powers of
 * 1024.  -EINVAL, -ERANGE. */
int bytes_parse_size(const char *s, uint64_t *ret);

/* `out` has room for 2 * len + 1 bytes. */
void bytes_to_hex(const void *data, size_t len, char *out);

/* Exactly 2 * len lower-case hex digits in `hex` (hexlen says how many there
 * are).  -EINVAL. */
int bytes_from_hex(const char *hex, size_t hexlen, void *data, size_t len);

#endif
