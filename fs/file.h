/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open files: what a file handle of the kernel stands for.
 *
 * A file that was opened for reading before its node was broken must see what
 * is written after.  So every use compares two counters, and only when they
 * differ is the descriptor exchanged (under the same number, so that readers
 * need no lock).
 *
 * Thread safety: all functions.  Ownership: file_open() and file_new() make a
 * handle that file_release() ends; it holds a reference on the node.  Errors:
 * negative errno.
 */
#ifndef STENCIL_FS_FILE_H
#define STENCIL_FS_FILE_H

#include <fuse_lowlevel.h>

#include "fs/node.h"

struct file {
	struct node *node; /* holds a reference; immutable */
	int fd;		   /* the number is immutable */
	bool writable;	   /* immutable: stands for the private inode */
	atomic_uint epoch; /* the node's when fd was opened */
	pthread_mutex_t lock; /* exchanging the descriptor */
};

/* A handle for a descriptor on the private inode; owns fd on success. */
int file_new(struct fs *fs, struct node *n, int fd, bool writable,
	     unsigned epoch, uint64_t *ret_fh);

/* open(2): breaks the node if it is to be written. */
int file_open(struct fs *fs, struct node *n, int flags, uint64_t *ret_fh);

struct file *file_get(struct fs *fs, uint64_t fh);
void file_release(struct fs *fs, uint64_t fh);

int file_refresh_slow(struct fs *fs, struct file *f);

/* Makes sure that f->fd is where the data is now. */
static inline int file_refresh(struct fs *fs, struct file *f)
{
	if (f->writable ||
	    atomic_load(&f->node->epoch) == atomic_load(&f->epoch))
		return 0;
	return file_refresh_slow(fs, f);
}

#endif
