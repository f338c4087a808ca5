/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries of one merged directory, built once and shared by readers.
 *
 * Thread safety: a listing does not change once built.  Ownership: counted
 * references.  Errors: negative errno.
 */
#ifndef STENCIL_FS_LISTING_H
#define STENCIL_FS_LISTING_H

#include "fs/node.h"

/* Offsets 0 to 2 are for "." and "..". */
#define LISTING_FIRST 3

struct listing_entry {
	uint64_t cookie; /* the offset of this entry; unique, ascending */
	uint64_t ino;
	uint32_t name; /* in names */
	unsigned char type; /* DT_* */
};

struct listing {
	atomic_uint refs;
	struct listing_entry *entries;
	size_t n;
	char *names;
};

/* Builds it; the directory's names lock is held for reading. */
int listing_build(struct fs *fs, struct node *dir, struct listing **ret);

struct listing *listing_get(struct listing *l);
void listing_put(struct listing *l);

/* Index of the first entry behind offset `off`. */
size_t listing_after(const struct listing *l, uint64_t off);

#endif
