/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building things out of sight, and the one atomic step that shows them.
 *
 * What is to appear in the private area is made in the work directory (regular
 * files without a name, O_TMPFILE, where the file system can), gets its owner,
 * mode, attributes and times there, and is then linked or renamed to its
 * place.  What a crash leaves in the work directory is removed by the next
 * mount (stage_clean()).
 *
 * Thread safety: all functions; stage_install() and the functions that take a
 * directory of the private area want its node's names lock for writing.
 * Ownership: a struct staged owns its object until it is installed;
 * stage_release() removes what was not.  Errors: negative errno.
 */
#ifndef STENCIL_FS_STAGE_H
#define STENCIL_FS_STAGE_H

#include "fs/layers.h"

#define STAGE_NAME_MAX 32

struct staged {
	struct fs *fs;
	int fd;			   /* O_RDWR of a regular file, else O_PATH */
	bool is_dir;
	bool installed;
	char name[STAGE_NAME_MAX]; /* in the work directory; "" for none */
};

#define STAGED_INIT { .fd = -1 }

/* Make an object; `mode` has the type, permissions are set later. */
int stage_make(struct fs *fs, mode_t type, dev_t rdev, const char *target,
	       struct staged *ret);
void stage_release(struct staged *s);
#define _cleanup_staged __attribute__((cleanup(stage_release)))

/* Owner first: chown(2) clears set-id bits. */
int stage_set_attr(struct staged *s, uid_t uid, gid_t gid, mode_t mode);
int stage_set_times(struct staged *s, const struct stat *st);

/* Shows the object as `name`.  -EEXIST if something other than a whiteout is
 * there.  A directory that replaces a whiteout must be opaque already. */
int stage_install(struct staged *s, int dirfd, const char *name);

/* Shows the object as `name`, in place of the file that is there. */
int stage_replace(struct staged *s, int dirfd, const char *name);

/* Gives the object one more name (the index). */
int stage_link(struct staged *s, int dirfd, const char *name);

/* Is there a whiteout?  1, 0 (also when there is nothing), -errno. */
int stage_is_whiteout(struct fs *fs, int dirfd, const char *name);

/* link(2) of the object behind a descriptor. */
int stage_link_fd(int fd, int dirfd, const char *name);

/* Leaves a whiteout at `name`, in place of the file or nothing that is there
 * (not of a directory). */
int stage_whiteout(struct fs *fs, int dirfd, const char *name);

/* Puts a whiteout in place of a directory, or just takes the directory away,
 * in one step, then removes it with the whiteouts in it. */
int stage_remove_dir(struct fs *fs, int dirfd, const char *name,
		     bool whiteout);

/* A fresh name in the work directory. */
void stage_name(struct fs *fs, char name[static STAGE_NAME_MAX]);

/* Can this file system hold a private area (whiteouts, attributes)?
 * -EOPNOTSUPP: not, as overlayfs and file systems without attributes. */
int stage_probe(struct fs *fs);

/* Removes what an earlier life left. */
int stage_clean(struct fs *fs);

#endif
