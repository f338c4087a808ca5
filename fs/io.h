/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the kernel reads and writes an inode's open files.  It has one way for
 * an inode at a time, for as long as a file of it is open, and answers EIO to
 * an open that we reply to in another way:
 *
 *   IO_CACHED   it keeps pages and asks us for what it has not;
 *   IO_SHARED   it reads the template's file by itself, read-only;
 *   IO_PRIVATE  it reads and writes the private file by itself.
 *
 * A node that is broken while files are open in the shared way parts: the
 * kernel's inode, with its open files, keeps the template's content, and the
 * node gets a new id.  The open that broke it is answered with ESTALE, so that
 * the kernel looks the path up once more and finds the new id, with the same
 * st_ino.  What is asked of the old id is done to the same file, but opening
 * it is ESTALE again.  Files with several names are never opened in the shared
 * way, because only one name is looked up again.
 *
 * What the kernel writes by itself it tells nobody.  It notices its own
 * write(2), but not stores to a mapping: attributes of what may be mapped for
 * writing are not to be kept (io_attr_timeout()).
 *
 * Thread safety: all functions; those of which it is said want node->busy.
 * Ownership: io_join() and io_start() count a file, which io_leave() ends.
 * Errors: negative errno.
 */
#ifndef STENCIL_FS_IO_H
#define STENCIL_FS_IO_H

#include <fuse_lowlevel.h>

#include "fs/node.h"

enum io_mode { IO_CACHED, IO_SHARED, IO_PRIVATE };

/*
 * Immutable but for the counts, which node->lock protects.  One in the shared
 * way is kept a while when its last file is closed (files is 0 then): to open
 * the file once more costs no system call.
 */
struct io {
	enum io_mode mode;
	struct node *node; /* IO_SHARED; no reference: io_forget() */
	struct io *prev, *next; /* IO_SHARED: the ring; its lock */
	atomic_bool recent; /* IO_SHARED: opened since the hand passed */
	int backing;	   /* id, unless IO_CACHED */
	int fd;		   /* IO_SHARED: of all its files; else -1 */
	bool keep;	   /* IO_CACHED: the kernel's pages are right */
	unsigned files, writers; /* writers: IO_PRIVATE */
};

void io_init(struct fs *fs);

/* The node is freed. */
void io_forget(struct fs *fs, struct node *n);

/* What open(2) wants of an inode of the kernel. */
struct io_want {
	fuse_ino_t ino; /* by which id of the node */
	bool write;	/* the node's data is private then */
	bool map;	/* and it can be mapped, for writing too */
};

/* Counts a file on what is open already; *ret is NULL if nothing is.  -ESTALE
 * for an id that is not the node's any more. */
int io_join(struct fs *fs, struct node *n, const struct io_want *w,
	    struct io **ret);

/*
 * The first file: chooses a way, with `fd` on the data (-1: not opened yet, it
 * is not needed for IO_SHARED).  -EAGAIN: another came first, or the node
 * changed; open `fd` and join again.  -ENOENT: `fd` is needed.
 */
int io_start(struct fs *fs, struct node *n, const struct io_want *w, int fd,
	     struct io **ret);

/* The file is closed. */
void io_leave(struct fs *fs, struct node *n, const struct io_want *w,
	      struct io *io);

/*
 * The node's data has become private, or (`names`) it is about to get another
 * name: parts it from what is open in the shared way.  1: it has parted, and
 * whoever came by a path is to come again (-ESTALE).  0: there was no need.
 * busy is held.
 */
int io_part(struct fs *fs, struct node *n);

/* Is it open in the shared way? */
bool io_may_part(struct node *n);

/* From now on it is not opened in the shared way.  busy is held. */
void io_bar(struct node *n);

/* Was it asked of an id that the node had before it parted? */
static inline bool io_is_old(struct node *n, fuse_ino_t ino)
{
	return ino != atomic_load(&n->id);
}

/* The attributes have changed by a request to the id `ino`: the kernel's other
 * inode of the node must not keep them. */
void io_changed(struct fs *fs, struct node *n, fuse_ino_t ino);

/* The kernel is to ask for this inode's attributes when it wants them. */
void io_forget_attr(struct fs *fs, fuse_ino_t ino);

/* For how long the kernel may keep the node's attributes, in seconds. */
double io_attr_timeout(struct node *n);

/* Looks whether an inode is still open for writing somewhere; GETATTR asks. */
void io_settle(struct fs *fs, struct node *n);

#endif
