/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The break: from a shared file to a private one.
 *
 * The protocol, for one node under its busy lock:
 *
 *   1. the parent directories get private directories (each a break itself);
 *   2. the copy is built out of sight: data (reflink, else extents, or none),
 *      owner, mode, attributes, marks, times; data is fsynced;
 *   3. under the parent's names lock one link(2) or rename(2) shows it;
 *   4. the node learns of its private inode.
 *
 * A break of attributes alone makes a private inode without data (overlayfs's
 * metacopy).  Its data is copied into that same inode later, and one
 * removexattr(2) makes it count.  At every point the path shows the old file
 * or the whole new one.
 *
 * Thread safety: linkbreak_begin() takes the node's busy lock, which
 * linkbreak_end() drops; the others need it.  No other busy lock may be held,
 * but see names.c for two at once.  Errors: negative errno; -EROFS without a
 * private area; nothing has changed then.
 */
#ifndef STENCIL_FS_LINKBREAK_H
#define STENCIL_FS_LINKBREAK_H

#include "fs/node.h"

enum break_need {
	BREAK_META, /* owner, mode, times, attributes, names */
	BREAK_DATA, /* also content */
};

/* Keep all of the content. */
#define BREAK_KEEP_ALL INT64_MAX

/* Gives `dir` and its ancestors private directories. */
int linkbreak_dirs(struct fs *fs, struct node *dir);

/* Prepares a break of `n` by any of its names: parents, then the busy lock. */
int linkbreak_begin(struct fs *fs, struct node *n);
void linkbreak_end(struct node *n);

/*
 * Breaks; nothing to do if that much is private already.  `keep` limits the
 * content that is carried over, which becomes the new size if it is less than
 * the old one (truncation copies no more than is kept).  (parent, name) says
 * by which name, or NULL: by any.
 */
int linkbreak_locked(struct fs *fs, struct node *n, struct node *parent,
		     const char *name, enum break_need need, int64_t keep);

/*
 * Makes sure that the name itself is in the private area and moves with the
 * file: breaks its attributes if need be, and gives the name a link if the
 * file was broken by another one.
 */
int linkbreak_name(struct fs *fs, struct node *n, struct node *parent,
		   const char *name);

/* Tells overlayfs that the private directory holds files with other numbers
 * than their own.  The directory's names lock is held for writing. */
int linkbreak_mark_impure(struct fs *fs, struct node *dir, int dirfd);

/*
 * Before the node gets a name in `dir`: what is below must be found by it.
 * -EXDEV if the path there is too long for an attribute and `dir` is not the
 * directory where it was.
 */
int linkbreak_set_redirect(struct fs *fs, struct node *n, struct node *dir);

/*
 * Around changes of a private directory that the container did not make:
 * its times stay.  The directory's names lock is held for writing.
 */
struct linkbreak_times {
	struct timespec ts[2];
	int fd;
};
int linkbreak_times_begin(struct node *dir, int dirfd,
			  struct linkbreak_times *t);
int linkbreak_times_end(struct node *dir, struct linkbreak_times *t);

#endif
