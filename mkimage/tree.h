/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a template under construction holds: names (nodes) and what they name.
 * It decides what exists and what is a directory, so that nothing an archive
 * says is ever resolved by the kernel through a link; and it can be walked in
 * the manifest's order, which no source delivers.
 *
 * A template may have millions of files: a node is a number, its structure
 * costs some forty bytes, and all that structure does not need (owner, times,
 * attributes, digests: its record) lies in a file (spool.h).  Several names of
 * one inode have one record and one set of marks.
 *
 * Thread safety: one thread; while nobody changes the tree, many.  Ownership:
 * the tree owns all; an inode goes with its last node.  Errors: negative errno.
 */
#ifndef STENCIL_MKIMAGE_TREE_H
#define STENCIL_MKIMAGE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/manifest.h"
#include "mkimage/memo.h"

struct tree;

/* A node.  Numbers of removed nodes are used again. */
typedef uint32_t tree_node;

#define TREE_NONE 0
#define TREE_ROOT 1

/* Marks of an inode, for the user. */
enum {
	TREE_BUSY = 1,	 /* a job works on it */
	TREE_STAGED = 2, /* a regular file that is no link to the pool yet */
	TREE_NAMED = 4,	 /* a directory whose own entry its layer has */
	TREE_LATER = 8,	 /* not on disk yet */
};

/* Where a regular file came from and where it is, as far as it is known. */
struct tree_origin {
	bool has_stamp;
	struct memo_stamp stamp;
	struct memo_place place;
};

/* With a root directory: mode 0755, owner 0, time 0.  dirfd: for the spool. */
int tree_new(struct tree **ret, int dirfd);
/* NULL is allowed. */
void tree_free(struct tree *t);

/* TREE_NONE when absent. */
tree_node tree_find(const struct tree *t, tree_node parent, const char *name,
		    size_t len);

/*
 * A node for a new inode of a type (S_IFMT), or for one more name of what
 * `target` names, which is no directory.  The name must be free.  A new
 * directory has the mode 0755, all else in a new record is zero.
 */
int tree_add(struct tree *t, tree_node parent, const char *name, size_t len,
	     mode_t type, tree_node *ret);
int tree_link(struct tree *t, tree_node parent, const char *name, size_t len,
	      tree_node target, tree_node *ret);

/* Not the root, and no directory with children. */
void tree_remove(struct tree *t, tree_node n);

mode_t tree_type(const struct tree *t, tree_node n);
tree_node tree_parent(const struct tree *t, tree_node n);
/* Valid until the next name is added. */
const char *tree_name(const struct tree *t, tree_node n);
/* A directory's children, by their siblings, in no order. */
tree_node tree_child(const struct tree *t, tree_node dir);
tree_node tree_sibling(const struct tree *t, tree_node n);
/* The one name that stands for all names of an inode. */
tree_node tree_inode(const struct tree *t, tree_node n);
/* Names of the inode; of a directory, 2 and its subdirectories. */
uint32_t tree_nlink(const struct tree *t, tree_node n);

/* For the user, 0 at first: of the name, and of the inode. */
uint32_t tree_layer(const struct tree *t, tree_node n);
void tree_set_layer(struct tree *t, tree_node n, uint32_t layer);
bool tree_marked(const struct tree *t, tree_node n, unsigned int mark);
void tree_mark(struct tree *t, tree_node n, unsigned int mark, bool on);

/* Of an inode with several names, for the user, 0 at first; else NULL. */
uint32_t *tree_group_number(const struct tree *t, tree_node n);

/*
 * The record: an entry without path, nlink and hard link, and the origin
 * (NULL: none, or not wanted).  What tree_get() returns is the caller's, by
 * manifest_entry_release().
 */
int tree_put(struct tree *t, tree_node n, const struct manifest_entry *e,
	     const struct tree_origin *o);
int tree_get(const struct tree *t, tree_node n, struct manifest_entry *ret,
	     struct tree_origin *ret_origin);

/* Appends the node's path without the leading slash ("." for the root). */
int tree_path(const struct tree *t, tree_node n, struct bytes *out);
/* The length of its path with that slash; 0 for the root. */
size_t tree_path_len(const struct tree *t, tree_node n);

/* Calls fn for each node in the manifest's order with its absolute path, until
 * it returns other than 0, and returns that. */
int tree_walk(const struct tree *t,
	      int (*fn)(tree_node n, const char *path, void *arg), void *arg);

/* The directories in no order: the next after n (TREE_NONE to begin), or
 * TREE_NONE. */
tree_node tree_next_dir(const struct tree *t, tree_node n);

#endif
