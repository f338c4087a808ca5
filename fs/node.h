/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inodes that the kernel knows: found by id, and by what they are.
 *
 * A node's identity is its private inode once it has one, else its inode in a
 * layer.  A file with several names in a template keeps both identities after
 * a break, because its unbroken names still lead to the layer's inode.
 *
 * Thread safety: all functions.  Ownership: node_find_or_add() and node_ref()
 * give a reference that node_put() ends.  node_get() gives none: the kernel
 * holds one for any id that it uses.  Errors: negative errno.
 */
#ifndef STENCIL_FS_NODE_H
#define STENCIL_FS_NODE_H

#include "fs/layers.h"

#define NODE_ROOT_ID 1

/* What a name was found to be: the ingredients of a node. */
struct found {
	struct stat st; /* of the private inode, else of the topmost layer's */
	bool upper, metacopy, indexed, rdev00, impure;
	bool has_nlink, nlink_lower; /* as in struct marks */
	int32_t nlink;
	uint32_t links; /* names in the template */
	uint64_t ino;	/* to report */
	struct lower **lowers; /* directories: all; files: [0] or none */
	unsigned nlowers;
	struct lower *data;
	char *index_name;
};

void found_release(struct fs *fs, struct found *f);

/* The node with this id; NULL for an id that was never given out or is gone. */
struct node *node_get(struct fs *fs, uint64_t id);

/* The same for an id out of a file handle, which the kernel may have forgotten:
 * with a reference, or NULL. */
struct node *node_get_unheld(struct fs *fs, uint64_t id);

struct node *node_ref(struct node *n);
void node_put(struct fs *fs, struct node *n, unsigned long count);

/*
 * The node of `f`, new if need be, with the name (parent, name) noted, and a
 * reference.  Moves what the node needs out of `f`.  parent is NULL for nodes
 * without a name (O_TMPFILE): then `orphan` is a descriptor of the private
 * inode (the node takes a reference of its own); else it is NULL.
 */
int node_find_or_add(struct fs *fs, struct node *parent, const char *name,
		     struct found *f, struct fdref *orphan, struct node **ret);

/* A snapshot of the flags. */
unsigned node_flags(struct node *n);

/*
 * Before a break shows anything: the private inode that it will have.  Whoever
 * finds that inode from now on, by any name, finds this node.
 */
void node_key_upper(struct fs *fs, struct node *n, uint64_t upper_ino);
/* The break failed. */
void node_unkey_upper(struct fs *fs, struct node *n);

/* After a break: the private inode, and the flags to set and to clear. */
void node_set_upper(struct fs *fs, struct node *n, uint64_t upper_ino,
		    unsigned set, unsigned clear);

/* Notes or forgets a name.  node_del_alias() makes `orphan` (or NULL) the
 * node's descriptor if no name is left; a new name ends that. */
int node_add_alias(struct fs *fs, struct node *n, struct node *parent,
		   const char *name);
void node_del_alias(struct fs *fs, struct node *n, struct node *parent,
		    const char *name, struct fdref *orphan);
/* Is it the only name that is known? */
bool node_last_alias(struct node *n, struct node *parent, const char *name);

/* A known name of the node: a reference on the parent, the name in `name`.
 * -ESTALE if none is known. */
int node_alias(struct node *n, struct node **ret_parent,
	       char name[static NAME_MAX + 1]);

/* The private directory's descriptor (O_PATH).  The node must have one. */
int node_upper_dir(struct fs *fs, struct node *n, struct fdref **ret);

/* Where the private inode is reached.  A rename may make this untrue at any
 * moment unless the node's busy lock is held. */
int node_upper_place(struct fs *fs, struct node *n, struct place *ret);

/* Where attributes are read: the private inode if there is one, else the
 * layer's. */
int node_attr_place(struct fs *fs, struct node *n, struct place *ret,
		    bool *ret_upper);

/* Opens the private inode and checks that it is the right one. */
int node_open_upper(struct fs *fs, struct node *n, int flags);

/* A descriptor on the data as it is now (not a break), and the epoch it
 * belongs to. */
int node_open_data(struct fs *fs, struct node *n, unsigned *ret_epoch);

/* Makes the root's node.  fs->roots must be open. */
int node_make_root(struct fs *fs);
/* Frees all nodes, whatever the kernel still holds. */
void node_free_all(struct fs *fs);

static inline bool node_is_dir(const struct node *n)
{
	return n->dir != NULL;
}

#endif
