/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open files: what a file handle of the kernel stands for.
 *
 * A file that was opened for reading before its node was broken must see what
 * is written after.  So every use compares two counters, and only when they
 * differ is the descriptor exchanged (under the same number, so that readers
 * need no lock).  What the kernel reads by itself in the template stays there.
 *
 * Thread safety: all functions.  Ownership: file_open() and file_create() make a
 * handle that file_release() ends; it holds a reference on the node and
 * counts in the node's way of being read (fs/io.h).  Errors:
 * negative errno.
 */
#ifndef STENCIL_FS_FILE_H
#define STENCIL_FS_FILE_H

#include <fuse_lowlevel.h>

#include "fs/io.h"

struct file {
	struct node *node; /* holds a reference; immutable */
	int fd;		   /* the number is immutable */
	bool owns_fd;	   /* immutable; else it is io->fd */
	struct io *io;	   /* immutable */
	struct io_want want; /* immutable; want.write: fd is the private file */
	atomic_uint epoch; /* the node's when fd was opened */
	pthread_mutex_t lock; /* exchanging the descriptor */
};

/*
 * open(2) of the inode that the kernel calls `ino`: breaks the node if it is
 * to be written, and fills `fi` for the reply, which this thread must give
 * next.  -ESTALE: the path leads elsewhere now.
 */
int file_open(struct fs *fs, struct node *n, fuse_ino_t ino,
	      struct fuse_file_info *fi);

/* The same for a file just made; owns fd, which reads and writes, on
 * success. */
int file_create(struct fs *fs, struct node *n, int fd,
		struct fuse_file_info *fi);

struct file *file_get(struct fs *fs, uint64_t fh);
void file_release(struct fs *fs, uint64_t fh);

int file_refresh_slow(struct fs *fs, struct file *f);

/* Makes sure that f->fd is where the data is now. */
static inline int file_refresh(struct fs *fs, struct file *f)
{
	if (f->want.write || f->io->mode == IO_SHARED ||
	    atomic_load(&f->node->epoch) == atomic_load(&f->epoch))
		return 0;
	return file_refresh_slow(fs, f);
}

#endif
