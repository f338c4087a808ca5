/* SPDX-License-Identifier: Apache-2.0 */
/* What the files emit*.c share. */
#ifndef STENCIL_MKIMAGE_EMIT_TYPES_H
#define STENCIL_MKIMAGE_EMIT_TYPES_H

#include "mkimage/emit.h"
#include "mkimage/tree.h"

struct emit {
	int rootfd;
	struct tree *tree;
	struct progress *progress;
	struct emit_totals totals;
	uint32_t layer; /* of the item in work */
	/* The directory used last, since entries come in runs. */
	struct tree_node *dir;
	int dirfd;
};

/* Logs, unless the user stopped it: that is told once, and not of a path. */
int emit_failed(int r, const char *path);

/* A descriptor of the staged directory, which is kept open until another is
 * asked for. */
int emit_use_dir(struct emit *e, struct tree_node *dir);

/* Removes a name from tree and disk: no directory with children. */
int emit_remove(struct emit *e, struct tree_node *n, const char *path);

/* Removes what is below the directory and of a lower layer than the item. */
int emit_prune(struct emit *e, struct tree_node *dir, const char *path);

/* The items of those kinds. */
int emit_whiteout(struct emit *e, const char *path);
int emit_opaque(struct emit *e, const char *path);

#endif
