/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a private area holds, by a walk over it.
 *
 * Thread safety: one thread at a time.  Errors: negative errno.
 */
#ifndef STENCIL_CLI_USAGE_H
#define STENCIL_CLI_USAGE_H

#include <stdint.h>

struct usage {
	uint64_t bytes;	    /* allocated, hard links once, as du(1) counts */
	uint64_t files;	    /* inodes of any type, but the root and whiteouts */
	uint64_t whiteouts; /* names of the stack that are deleted */
};

/* What vanishes during the walk is not counted. */
int usage_walk(int root, struct usage *ret);

#endif
