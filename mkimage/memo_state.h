/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the memo's environment sound?  LMDB trusts what it maps: a page that was
 * damaged, or never reached the disk, makes it crash.  So the file `state`
 * beside it says either "dirty BOOT", while somebody may be writing (BOOT is
 * the kernel's boot id: after a kill the page cache has all, after a power cut
 * nobody knows), or "clean SIZE HASH" of the environment's file, which is
 * compared before LMDB sees it.  Nothing needs fsync(2) then.
 *
 * flock(2) on the directory: shared while the environment is open, exclusively
 * while it is checked, replaced or declared clean.
 *
 * Thread safety: no state.  Ownership: the descriptor, of the directory, stays
 * the caller's, and carries the lock.  Errors: negative errno.
 */
#ifndef STENCIL_MKIMAGE_MEMO_STATE_H
#define STENCIL_MKIMAGE_MEMO_STATE_H

#include <stdbool.h>
#include <stdint.h>

#define MEMO_DATA "data.mdb" /* these two names are LMDB's */
#define MEMO_LOCK "lock.mdb"
#define MEMO_COPY "data.copy" /* while gc shrinks it */

/*
 * If nobody else uses the memo: sees to it that what is there is sound, else
 * throws it away and says why, and takes the lock exclusively (1).  If somebody
 * does, it was checked by them: takes the lock shared (0).
 */
int memo_state_enter(int dirfd);
/* Makes an exclusive lock a shared one. */
int memo_state_share(int dirfd);

/* Before the first change. */
int memo_state_dirty(int dirfd);
/* After the environment was closed: declares it clean if nobody else has it
 * open.  Ends the lock. */
int memo_state_leave(int dirfd);
/* The environment is found damaged after all: whoever comes next throws it
 * away. */
int memo_state_condemn(int dirfd);

#endif
