/* SPDX-License-Identifier: Apache-2.0 */
/* What the files tree*.c share: how a tree lies in memory. */
#ifndef STENCIL_MKIMAGE_TREE_TYPES_H
#define STENCIL_MKIMAGE_TREE_TYPES_H

#include "mkimage/arena.h"
#include "mkimage/tree.h"

#define TREE_TYPE_BITS 4 /* of node.bits: the mode's type; then the marks */
#define TREE_TYPE_MASK 15

struct node {
	tree_node parent;
	tree_node prev, next; /* siblings; of a free node: the next free one */
	tree_node chain;      /* in the hash table */
	uint32_t name;	      /* in tree.names, with a NUL */
	uint32_t more;	      /* a directory's struct dir, or a struct group */
	uint16_t layer;
	uint8_t len; /* of the name */
	uint8_t bits;
};

struct dir {
	tree_node child;
	uint32_t nsubdirs;
};

/* An inode with several names.  Number 0 is none. */
struct group {
	tree_node owner; /* whose number the record has; may have gone itself */
	uint32_t nlink;
	uint32_t number; /* the user's */
};

struct spool;

struct tree {
	struct arena nodes, names, dirs, groups;
	tree_node *buckets;
	size_t nbuckets, count;
	tree_node free;
	uint64_t seed; /* so that no archive can choose the chains */
	struct spool *records, *values;
	uint64_t values_len;
};

static inline struct node *tree_at(const struct tree *t, tree_node n)
{
	return (struct node *)t->nodes.data + n;
}

static inline struct dir *tree_dir(const struct tree *t, tree_node n)
{
	return (struct dir *)t->dirs.data + tree_at(t, n)->more;
}

static inline struct group *tree_group(const struct tree *t, uint32_t g)
{
	return (struct group *)t->groups.data + g;
}

#endif
