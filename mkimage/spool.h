/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file without a name as memory for what is seldom needed: written and read
 * at any place through a few cached pieces, so that it reaches the disk only
 * when it is large.  What was never written is zero.
 *
 * Thread safety: all functions but new and free.  Ownership: spool_free()
 * frees, and the disk's space too.  Errors: negative errno.
 */
#ifndef STENCIL_MKIMAGE_SPOOL_H
#define STENCIL_MKIMAGE_SPOOL_H

#include <stddef.h>
#include <stdint.h>

struct spool;

/* In the directory's file system. */
int spool_new(struct spool **ret, int dirfd);
/* NULL is allowed. */
void spool_free(struct spool *s);

int spool_write(struct spool *s, uint64_t at, const void *data, size_t len);
int spool_read(struct spool *s, uint64_t at, void *data, size_t len);

#endif
