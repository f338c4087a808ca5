/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One mounted root: what mount.c hands to the operations.
 *
 * Thread safety: fs_open() and fs_close() while no operation runs; the
 * structure is opaque to all but the operations.  Ownership: fs_open() copies
 * what it needs of the configuration.  Errors: negative errno.
 */
#ifndef STENCIL_FS_FS_H
#define STENCIL_FS_FS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

struct fs;
struct fuse_lowlevel_ops;
struct fuse_session;
struct transport;

struct fs_config {
	const char *const *lowers; /* paths of directories, top first */
	size_t nlowers;
	const char *upper; /* the private area, or NULL: read-only */
	const char *work;  /* on the same file system as upper */
	bool templates;	   /* the lowers are templates of a store: .wh. names
			      are ordinary names, digests may be there */
	bool is_volatile;  /* no fsync on the way of a break */
	bool passthrough;  /* wanted, where the kernel helps */
	bool coherent;	   /* not to templates */
	const char *shared; /* as classes_open(); NULL: the default */
};

/*
 * Opens the layers, removes what an interrupted break left in the work
 * directory, and makes the root node.  *ret_what, on error, names the path
 * that failed (static or owned by cfg).
 */
int fs_open(const struct fs_config *cfg, struct fs **ret,
	    const char **ret_what);

/* The session that serves it, for notifications; before the loop.  NULL: it is
 * about to go. */
void fs_attach(struct fs *fs, struct fuse_session *se);

/* What fs_status_json() tells of it; before others call that. */
void fs_set_transport(struct fs *fs, const struct transport *t);

/* Writes everything of the private area to disk (unless volatile), frees. */
int fs_close(struct fs *fs);

/* The table of operations (fs/ops.c); its userdata is the struct fs. */
extern const struct fuse_lowlevel_ops fs_ops;

/* Counters and sizes as one JSON object, for the control socket. */
int fs_status_json(struct fs *fs, struct bytes *ret);

#endif
