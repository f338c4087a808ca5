// SPDX-License-Identifier: Apache-2.0
/*
 * What the build has learned of the source's files goes into the memo when
 * their places in the pool are known.  Not of hard-link groups: the pool's file
 * of a group is for that group of paths only, and a directory above, renamed,
 * changes them without a trace in the file.
 */
#include <stdlib.h>

#include "base/cleanup.h"
#include "mkimage/emit_types.h"
#include "mkimage/memo.h"
#include "mkimage/pool.h"

static int compare_nodes(const void *a, const void *b)
{
	const struct emit_key *x = a, *y = b;

	return x->node < y->node ? -1 : x->node > y->node;
}

/* Where the file went, if it is not the one that was written. */
static int find_place(struct emit *e, const struct emit_key *k,
		      struct memo_place *place)
{
	_cleanup_bytes struct bytes path = BYTES_INIT;
	int r;

	if ((k->order & 3) != POOL_NEW) {
		r = tree_path(e->tree, k->node, &path);
		if (!r)
			r = pool_where(e->options.rootfd, path.data, place);
		if (r)
			return r;
	}
	place->variant = k->order >> 2;
	return 0;
}

static void remember(struct emit *e, const struct emit_key *k)
{
	struct manifest_entry entry;
	struct tree_origin origin;

	if (tree_nlink(e->tree, k->node) != 1)
		return;
	/* What cannot be remembered is read again, and that is all. */
	if (tree_get(e->tree, k->node, &entry, &origin))
		return;
	if (origin.has_stamp && !find_place(e, k, &origin.place))
		memo_put(e->options.memo, &origin.stamp, &entry,
			 &origin.place);
	manifest_entry_release(&entry);
}

void emit_remember(struct emit *e)
{
	struct emit_key *keys = (struct emit_key *)e->keys.data;
	size_t n = e->keys.len / sizeof(*keys);

	if (!e->options.memo || !n)
		return;
	/* As the source had them, which is nearly the memo's own order. */
	qsort(keys, n, sizeof(*keys), compare_nodes);
	for (size_t i = 0; i < n; i++)
		remember(e, &keys[i]);
}
