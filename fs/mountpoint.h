/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory that is mounted on, and which mount it shows.
 *
 * Thread safety: no state.  Ownership: strings returned are the caller's.
 * Errors: negative errno, logged where said.
 */
#ifndef STENCIL_FS_MOUNTPOINT_H
#define STENCIL_FS_MOUNTPOINT_H

#include <stdbool.h>
#include <stdint.h>

#define MOUNTPOINT_SUBTYPE "stencilfs"

/*
 * The path without symlinks of a directory that can be mounted on.  A mount of
 * ours that a dead daemon left there is detached first.  Logs.
 */
int mountpoint_prepare(const char *path, char **ret);

/* The id of the mount that the path shows, without asking its daemon. */
int mountpoint_id(const char *path, uint64_t *ret);

/* Whether the path shows a mount of stencilfs, alive or dead. */
bool mountpoint_in_use(const char *path);

/* Whether the root of mount `id` answers there, through the kernel.  Logs. */
int mountpoint_answers(const char *path, uint64_t id);

#endif
