/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a template under construction holds, in memory: names (nodes) and what
 * they name (inodes).  It decides what exists and what is a directory, so that
 * nothing an archive says is ever resolved by the kernel through a link; and
 * it can be walked in the manifest's order, which no source delivers.
 *
 * Thread safety: one thread.  Ownership: the tree owns all nodes and inodes;
 * an inode goes with its last node.  Errors: negative errno.
 */
#ifndef STENCIL_MKIMAGE_TREE_H
#define STENCIL_MKIMAGE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/manifest.h"

struct tree_node;

struct tree_inode {
	uint32_t mode, uid, gid;
	uint32_t nnames; /* nodes that name it */
	uint64_t size;
	int64_t mtime_sec;
	uint32_t mtime_nsec;
	uint32_t nxattrs;
	uint32_t order; /* for the user: 0 at first */
	struct manifest_xattr *xattrs;
	struct tree_node *names; /* by tree_node.other */
	union {
		struct {
			struct sha1 sha1;
			struct sha256 verity;
		} file;
		struct {
			struct tree_node *children; /* by sibling, no order */
			uint32_t nsubdirs;
		} dir;
		char *target;  /* of a symlink */
		uint64_t rdev; /* of a device */
	};
};

struct tree_node {
	struct tree_node *chain; /* in the hash table */
	struct tree_node *parent;
	struct tree_node *sibling;
	struct tree_node *other; /* next name of the same inode */
	struct tree_inode *inode;
	uint32_t layer; /* for the user: 0 at first */
	uint16_t len;
	char name[];
};

struct tree;

/* With a root directory: mode 0755, owner 0, time 0. */
int tree_new(struct tree **ret);
void tree_free(struct tree *t);

struct tree_node *tree_root(const struct tree *t);

/* NULL when absent. */
struct tree_node *tree_find(const struct tree *t,
			    const struct tree_node *parent, const char *name,
			    size_t len);

/* A node for a new inode (zeroed but for its mode), or for one more name of
 * `inode`.  The name must be free. */
int tree_add(struct tree *t, struct tree_node *parent, const char *name,
	     size_t len, mode_t mode, struct tree_node **ret);
int tree_link(struct tree *t, struct tree_node *parent, const char *name,
	      size_t len, struct tree_inode *inode, struct tree_node **ret);

/* Not the root, and no directory with children. */
void tree_remove(struct tree *t, struct tree_node *n);

/* Takes mode, owner, times, size, device and, leaving the entry without, its
 * attributes and target. */
void tree_set(struct tree_inode *inode, struct manifest_entry *e);

/* Appends the node's path without the leading slash ("." for the root). */
int tree_path(const struct tree_node *n, struct bytes *out);

/* Calls fn for each node in the manifest's order with its absolute path, until
 * it returns other than 0, and returns that. */
int tree_walk(struct tree *t,
	      int (*fn)(struct tree_node *n, const char *path, void *arg),
	      void *arg);

#endif
