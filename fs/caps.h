/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File capabilities across the daemon's own writes: any write(2) to a file
 * drops them, also one that fills a private copy or puts back the pages of a
 * mapping, which by itself must drop nothing.
 *
 * Thread safety: no state; the node's busy lock or a single writer keeps
 * others out.  Errors: negative errno.
 */
#ifndef STENCIL_FS_CAPS_H
#define STENCIL_FS_CAPS_H

#include <sys/types.h>

#define CAPS_NAME "security.capability"

struct caps_saved {
	ssize_t len; /* -1: there are none */
	char value[64];
};

int caps_save(int fd, struct caps_saved *ret);
int caps_restore(int fd, const struct caps_saved *saved);

#endif
