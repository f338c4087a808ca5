/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data for a private inode that has attributes only (metacopy) and more names
 * than one, so that no other inode can take its place.
 *
 * Until the mark goes, the data below counts; a size smaller than below counts
 * too, and is what the caller of a truncation wants to be seen.  While the
 * data comes, stat(2) may show the present as the file's mtime, and its
 * capabilities are missing; a crash in that moment leaves it so.  Files with
 * one name do not pass here.
 *
 * Thread safety: the node's busy lock is held.  Errors: negative errno; the
 * file is as it was then.
 */
#ifndef STENCIL_FS_FILL_H
#define STENCIL_FS_FILL_H

#include "fs/node.h"

/* Fills it with the first `keep` bytes at most, which is then its size. */
int fill_in_place(struct fs *fs, struct node *n, int64_t keep);

#endif
