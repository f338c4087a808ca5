/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a container is mounted, and where.  A daemon that was killed leaves
 * a record and a dead mount point behind: that is a state of its own.
 *
 * Thread safety: none needed.  Ownership: mounts_release() frees.  Errors:
 * negative errno, logged only where it says so.
 */
#ifndef STENCIL_CLI_MOUNTS_H
#define STENCIL_CLI_MOUNTS_H

#include <stdbool.h>

#include "base/store.h"

enum mount_state {
	MOUNT_NONE,
	MOUNT_LIVE,	/* a daemon holds the container's lock */
	MOUNT_DEAD,	/* no daemon, but its mount point is still there */
};

struct mounts {
	enum mount_state state;
	struct container_mount record; /* empty for MOUNT_NONE */
};

int mounts_find(int storefd, const char *id, struct mounts *ret);
void mounts_release(struct mounts *m);
#define _cleanup_mounts __attribute__((cleanup(mounts_release)))

/* "unmounted", "mounted", "dead". */
const char *mounts_to_text(enum mount_state s);

/*
 * Takes a live or dead mount away, if it is the only and topmost one of
 * stencilfs at its path: another container's, mounted over it or after it,
 * must not go in its place.  A dead one goes even from under processes.
 * Errors are logged.
 */
int mounts_detach(const struct mounts *m, bool lazy);

#endif
