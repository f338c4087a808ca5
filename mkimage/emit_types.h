/* SPDX-License-Identifier: Apache-2.0 */
/* What emit.c and emit_finish.c share. */
#ifndef STENCIL_MKIMAGE_EMIT_TYPES_H
#define STENCIL_MKIMAGE_EMIT_TYPES_H

#include "mkimage/emit.h"
#include "mkimage/tree.h"

struct emit {
	int rootfd;
	struct tree *tree;
	struct progress *progress;
	struct emit_totals totals;
	/* The directory used last, since entries come in runs. */
	struct tree_node *dir;
	int dirfd;
};

#endif
