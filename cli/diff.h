/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container changed: its private area compared with the names that its
 * stack shows below it.  Reads the private area and, of the stack, only the
 * names found there (and the direct names of directories that the container
 * replaced), so the time is proportional to the changes.
 *
 * While the container is mounted the answer is a snapshot of a moving thing:
 * what vanishes between two looks is left out.
 *
 * Thread safety: one thread at a time.  Ownership: diff_release() frees.
 * Errors: negative errno.
 */
#ifndef STENCIL_CLI_DIFF_H
#define STENCIL_CLI_DIFF_H

#include <stddef.h>

#include "cli/stack.h"

enum change_kind {
	CHANGE_ADDED = 'A',
	CHANGE_CHANGED = 'C',
	CHANGE_DELETED = 'D',
};

struct change {
	enum change_kind kind;
	char *path; /* absolute */
};

struct diff {
	struct change *changes; /* sorted by path, byte order */
	size_t n, room;
};

#define DIFF_INIT { NULL, 0, 0 }

void diff_release(struct diff *d);
#define _cleanup_diff __attribute__((cleanup(diff_release)))

/* `private` is a descriptor of the private area's root.  On error
 * *ret_where, if not NULL, gets the path below it, to be freed. */
int diff_run(int private, const struct stack *s, struct diff *ret,
	     char **ret_where);

#endif
