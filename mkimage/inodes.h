/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inode numbers of one file system, each with a number of the caller's: 16
 * bytes an entry, so that a million fit where a million nodes would not.
 *
 * Thread safety: one thread, or readers only.  Ownership: inodes_release()
 * frees.  Errors: -ENOMEM.
 */
#ifndef STENCIL_MKIMAGE_INODES_H
#define STENCIL_MKIMAGE_INODES_H

#include <stddef.h>
#include <stdint.h>

struct inodes {
	struct inodes_slot {
		uint64_t ino; /* 0: free, as no inode has it */
		uint64_t value;
	} *slots;
	size_t size, used;
};

/* Zeroed is empty. */
void inodes_release(struct inodes *t);
#define _cleanup_inodes __attribute__((cleanup(inodes_release)))

/* The value's place, or NULL. */
uint64_t *inodes_find(const struct inodes *t, uint64_t ino);

/* The same, made with value 0 if there is none; good until the next call. */
int inodes_get(struct inodes *t, uint64_t ino, uint64_t **ret);

#endif
