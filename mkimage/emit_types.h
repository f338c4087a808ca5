/* SPDX-License-Identifier: Apache-2.0 */
/* What the files emit*.c share. */
#ifndef STENCIL_MKIMAGE_EMIT_TYPES_H
#define STENCIL_MKIMAGE_EMIT_TYPES_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/bytes.h"
#include "mkimage/arena.h"
#include "mkimage/emit.h"
#include "mkimage/source.h"
#include "mkimage/tree.h"

struct pipeline;

/* A staged directory, open, for the submitter and the jobs in it.  Counted by
 * the submitter alone: jobs begin and end with it. */
struct emit_dir {
	int fd;
	unsigned int refs;
};

struct emit {
	struct emit_options options;
	struct tree *tree;
	struct pipeline *pipeline;
	struct emit_totals totals;
	uint32_t layer; /* of the item in work */
	/* The directory used last, since entries come in runs. */
	tree_node node;
	struct emit_dir *dir;
	atomic_bool told; /* one message is enough */
	/* For emit_finish(), in the order of paths: */
	struct arena keys;   /* struct emit_key, of files to be placed */
	struct arena groups; /* struct emit_group */
	struct arena names;  /* tree_node: of the groups */
	/* Of emit_make.c: struct known_file, while the pool is entered. */
	struct arena known;
	bool entered;
};

/* A file to be placed. */
struct emit_key {
	uint64_t digest; /* its first bytes */
	uint32_t order;	 /* of its path; then emit_placed() */
	tree_node node;
};

/* enum pool_placed, and the variant. */
static inline uint32_t emit_placed(int placed, unsigned int variant)
{
	return (uint32_t)placed | variant << 2;
}

/* An inode with several names: `n` of emit.names from `first` on. */
struct emit_group {
	tree_node inode; /* tree_inode() */
	uint32_t first, n;
};

/* Logs, unless another error was, or the user stopped it: that is told once,
 * and not of a path.  Returns r. */
int emit_failed(struct emit *e, int r, const char *path);
/* The same with words of one's own: may they be said? */
bool emit_tells(struct emit *e);

/*
 * emit_make.c: the staged directory, which is made if need be and kept open
 * until another is asked for: 0 or -errno.
 */
int emit_use_dir(struct emit *e, tree_node dir, struct emit_dir **ret);
void emit_put_dir(struct emit_dir *dir);
/* The same as a descriptor of the caller's. */
int emit_open_dir(struct emit *e, tree_node dir);
/* The file is to be linked to this variant, later; and not at all. */
int emit_know(struct emit *e, tree_node n, unsigned int variant);
void emit_forget(struct emit *e, tree_node n);
/* Keeps what the memo is right about in the pool until it is linked. */
int emit_enter_pool(struct emit *e);
void emit_leave_pool(struct emit *e);
/* Makes what is not a directory, if it is marked TREE_LATER; and all. */
int emit_make(struct emit *e, tree_node n);
int emit_make_all(struct emit *e);

/* Removes a name from tree and disk: no directory with children. */
int emit_remove(struct emit *e, tree_node n, const char *path);

/* emit_layers.c: removes what is below the directory and of a lower layer than
 * the item. */
int emit_prune(struct emit *e, tree_node dir, const char *path);
/* The items of those kinds. */
int emit_whiteout(struct emit *e, const char *path);
int emit_opaque(struct emit *e, const char *path);

/* emit_file.c: a regular file, whose data is the source's current, into the
 * node that was made for it. */
int emit_file(struct emit *e, struct source *s, tree_node n,
	      struct source_item *item);
/* Waits until no job works on the node. */
int emit_settle(struct emit *e, tree_node n);
/* Takes in what jobs have done, and with `wait` all that they will do. */
int emit_collect(struct emit *e, bool wait);
/* Gives a file that is linked to the pool an inode of its own, for it has
 * another name: what trusted.stencil.links says will differ. */
int emit_own(struct emit *e, tree_node n, const char *path);

/* emit_manifest.c: the group of an inode with several names, or NULL. */
const struct emit_group *emit_find_group(const struct emit *e, tree_node n);
static inline tree_node emit_group_name(const struct emit *e,
					const struct emit_group *g, uint32_t i)
{
	return ((const tree_node *)e->names.data)[g->first + i];
}
/* Walks the tree: writes the manifest, fills keys, groups and totals. */
int emit_manifest(struct emit *e, int fd, struct sha256 *ret_version);
/* A file that was counted as the pool's is to be placed after all. */
int emit_unshared(struct emit *e, tree_node n);

/* emit_place.c: all keys into the pool. */
int emit_place(struct emit *e);
/* emit_memo.c: and what is known of them into the memo.  Changes their order. */
void emit_remember(struct emit *e);

#endif
