/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests as types.  SHA-1 names content (the key of pool and cache, never a
 * proof); the fs-verity digest (SHA-256 over a Merkle tree, see the kernel's
 * Documentation/filesystems/fsverity.rst) fixes content in a manifest; SHA-512
 * some images use for their blobs.
 *
 * Thread safety: a context belongs to one thread at a time.  Errors: negative
 * errno (-ENOMEM, or -EIO when libcrypto fails).
 */
#ifndef STENCIL_BASE_DIGEST_H
#define STENCIL_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA1_HEX 40
#define SHA256_HEX 64

struct sha1 {
	uint8_t bytes[20];
};

struct sha256 {
	uint8_t bytes[32];
};

struct digest_ctx;

enum digest_kind { DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA512 };

int digest_new(struct digest_ctx **ret, enum digest_kind kind);
int digest_update(struct digest_ctx *c, const void *data, size_t len);
/* Writes 20, 32 or 64 bytes to `out`; the context can then only be freed. */
int digest_final(struct digest_ctx *c, void *out);
/* NULL is allowed. */
void digest_free(struct digest_ctx *c);

/* Whole buffer at once. */
int sha1_of(const void *data, size_t len, struct sha1 *ret);
int sha256_of(const void *data, size_t len, struct sha256 *ret);

#endif
