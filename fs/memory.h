/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel has forgotten goes back to the system.  The C library keeps
 * freed memory, in a pool for every few threads, and a walk over a million
 * files that other threads serve than the last one would grow the daemon again.
 *
 * Thread safety: all functions.  Nothing fails.
 */
#ifndef STENCIL_FS_MEMORY_H
#define STENCIL_FS_MEMORY_H

#include <stddef.h>

/* Nodes were freed, `left` are still there.  Now and then this takes some
 * milliseconds. */
void memory_freed(size_t nodes, size_t left);

#endif
