/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of names: create, mknod, mkdir, symlink, link, unlink, rmdir,
 * rename (names.c makes, unlink.c removes, rename.c moves).
 *
 * Locks: first the directories are made private (no lock kept), then the busy
 * locks of the nodes concerned in the order of their ids, then the names
 * locks of the directories, in the order of their ids too.
 *
 * Thread safety: all functions.  Errors: negative errno.
 */
#ifndef STENCIL_FS_NAMES_H
#define STENCIL_FS_NAMES_H

#include <fuse_lowlevel.h>

#include "fs/linkbreak.h"

/* What is to be made. */
struct names_make {
	struct fs *fs;
	struct node *dir;
	const char *name; /* NULL: none (O_TMPFILE) */
	mode_t mode;	  /* with the type */
	dev_t rdev;
	const char *target; /* of a symlink */
	uid_t uid;
	gid_t gid;
	mode_t umask;
};

/*
 * Makes it.  *ret gets the node with a reference, *ret_attr its attributes;
 * ret_fd, if not NULL, a descriptor open for reading and writing (regular
 * files).  -EEXIST.
 */
int names_make(const struct names_make *m, struct node **ret,
	       struct stat *ret_attr, int *ret_fd);

/* Does a layer show the name, were the private area not there?  1, 0, -errno. */
int names_below(struct fs *fs, struct node *dir, const char *name,
		bool *ret_is_dir);

/* A private file with a number of the layers' came into the directory. */
int names_mark_impure(struct fs *fs, struct node *dir, int dirfd,
		      struct node *n);

/* A descriptor for what loses its last known name, or NULL if none is needed. */
int names_orphan(struct fs *fs, struct node *n, struct node *dir,
		 const char *name, struct fdref **ret);

int names_rename(struct fs *fs, struct node *odir, const char *oname,
		 struct node *ndir, const char *nname, unsigned flags,
		 const struct names_make *whiteout);

void names_mknod_op(fuse_req_t req, fuse_ino_t parent, const char *name,
		    mode_t mode, dev_t rdev);
void names_mkdir_op(fuse_req_t req, fuse_ino_t parent, const char *name,
		    mode_t mode);
void names_symlink_op(fuse_req_t req, const char *target, fuse_ino_t parent,
		      const char *name);
void names_link_op(fuse_req_t req, fuse_ino_t ino, fuse_ino_t newparent,
		   const char *newname);
void names_unlink_op(fuse_req_t req, fuse_ino_t parent, const char *name);
void names_rmdir_op(fuse_req_t req, fuse_ino_t parent, const char *name);
void names_rename_op(fuse_req_t req, fuse_ino_t parent, const char *name,
		     fuse_ino_t newparent, const char *newname,
		     unsigned int flags);

#endif
