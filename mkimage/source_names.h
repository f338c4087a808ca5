/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names in a directory, in an order that is good to work in: by inode
 * number, which is where on the disk the inodes lie, and what the memo is
 * sorted by; directories behind all else, so that who follows need not go back
 * and forth.  A large directory is sorted in pieces.
 *
 * Thread safety: none.  Ownership: source_names_open() takes the descriptor in
 * any case.  Errors: negative errno.
 */
#ifndef STENCIL_MKIMAGE_SOURCE_NAMES_H
#define STENCIL_MKIMAGE_SOURCE_NAMES_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

struct source_name {
	uint64_t ino;
	uint32_t at; /* in the text */
	bool directory;
};

struct source_names {
	DIR *dir;
	bool ended; /* nothing more to come from dir */
	struct bytes text;
	struct source_name *names;
	size_t n, size, next;
};

int source_names_open(struct source_names *s, int fd);
void source_names_close(struct source_names *s);

/* Without "." and "..": 1, or 0 at the end.  The name lives until the next
 * call. */
int source_names_next(struct source_names *s, const char **ret);

static inline int source_names_fd(const struct source_names *s)
{
	return dirfd(s->dir);
}

#endif
