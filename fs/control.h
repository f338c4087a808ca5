/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's control socket (fs/control_proto.h), served by a thread.
 *
 * Thread safety: control_start() and control_stop() from the main thread.
 * Ownership: control_stop() frees and removes the socket's file.  Errors:
 * negative errno.
 */
#ifndef STENCIL_FS_CONTROL_H
#define STENCIL_FS_CONTROL_H

struct control;
struct fs;

/* Listens on CONTROL_SOCKET in the directory `dirfd` (an O_PATH descriptor,
 * which stays the caller's). */
int control_start(struct control **ret, int dirfd, struct fs *fs);
/* NULL is allowed. */
void control_stop(struct control *c);

#endif
