/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for very many small things that live as long as their owner: it grows
 * at its end without being copied, and costs what is used of it.  What is in
 * it is named by its offset, because the memory may move when it grows.
 *
 * Thread safety: one thread while it grows.  Ownership: arena_release() frees
 * all.  Errors: -ENOMEM.
 */
#ifndef STENCIL_MKIMAGE_ARENA_H
#define STENCIL_MKIMAGE_ARENA_H

#include <stddef.h>

struct arena {
	char *data;
	size_t len, size;
};

/* Room for len more bytes, which are zero: *ret is their offset. */
int arena_add(struct arena *a, size_t len, size_t *ret);

void arena_release(struct arena *a);

#endif
