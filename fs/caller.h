/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a request does not say of the process that caused it.  With
 * FUSE_ALLOW_IDMAP (fs/kernel.h) the kernel names a uid only where an inode is
 * made, and it never names capabilities.
 *
 * Thread safety: no state.  Errors: none; in doubt the answer is no.
 */
#ifndef STENCIL_FS_CALLER_H
#define STENCIL_FS_CALLER_H

#include <stdbool.h>
#include <sys/types.h>

/* Whether thread `tid` (pid in fuse_req_ctx()), which waits for our reply, has
 * CAP_SYS_ADMIN in the daemon's user namespace: what the kernel asks for
 * before it shows trusted.* attributes.  Reads /proc. */
bool caller_is_admin(pid_t tid);

/* Whether it has capability `cap` (CAP_*) in its own user namespace. */
bool caller_has_cap(pid_t tid, int cap);

#endif
