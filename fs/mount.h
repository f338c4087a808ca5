/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From options to a mount that answers, and back: finds the layers, forks,
 * serves until the mount is gone.
 *
 * Thread safety: main thread only.  Errors: mount_run() logs what failed and
 * returns the program's exit status.
 */
#ifndef STENCIL_FS_MOUNT_H
#define STENCIL_FS_MOUNT_H

struct options;

/*
 * Mounts.  In the background (the default) it returns 0 in the parent when the
 * root answers, and the daemon keeps no descriptor of the caller; in the
 * foreground it returns when the mount is gone.
 */
int mount_run(const struct options *o);

#endif
