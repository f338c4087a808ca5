/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a name in a directory to a node.
 *
 * Thread safety: all functions.  The caller of lookup_resolve() and
 * lookup_locked() holds the directory's names lock, for reading at least; the
 * others take it.  Ownership: nodes come with a reference.  Errors: negative
 * errno.
 */
#ifndef STENCIL_FS_LOOKUP_H
#define STENCIL_FS_LOOKUP_H

#include <fuse_lowlevel.h>

#include "fs/node.h"

/* How long the kernel may believe what it was told, in seconds: nobody else
 * changes a container's private area or a template. */
#define LOOKUP_TIMEOUT 86400.0

/* What the name is.  -ENOENT, -ENAMETOOLONG. */
int lookup_resolve(struct fs *fs, struct node *parent, const char *name,
		   struct found *ret);

/* Looks up and references the node; *ret_attr gets its attributes. */
int lookup_locked(struct fs *fs, struct node *parent, const char *name,
		  struct node **ret, struct stat *ret_attr);
int lookup_node(struct fs *fs, struct node *parent, const char *name,
		struct node **ret, struct stat *ret_attr);

/* The attributes of what was found, before there is a node. */
void lookup_attr(const struct found *f, struct stat *ret);

/* The entry of a reply. */
void lookup_entry(struct fs *fs, struct node *n, const struct stat *attr,
		  struct fuse_entry_param *ret);

/* Replies with the node, whose reference goes to the kernel. */
void lookup_reply(fuse_req_t req, struct node *n, const struct stat *attr);

void lookup_op(fuse_req_t req, fuse_ino_t parent, const char *name);
void lookup_forget_op(fuse_req_t req, fuse_ino_t ino, uint64_t count);
void lookup_forget_multi_op(fuse_req_t req, size_t count,
			    struct fuse_forget_data *forgets);

#endif
