// SPDX-License-Identifier: Apache-2.0
/*
 * What a layer takes away from those below it.  Every name knows the last
 * layer that named it, and a directory is named with all that is in it: so
 * below a name of a lower layer all is of lower layers.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "mkimage/emit_types.h"
#include "mkimage/resolve.h"

/* The lower directory goes.  If this layer has something below, but not the
 * directory, that had come after a new one, had the whiteout come first. */
static int forget_dir(struct emit *e, tree_node dir, const char *path)
{
	const struct manifest_entry implied = { .mode = S_IFDIR | 0755 };
	int r = tree_put(e->tree, dir, &implied, NULL);

	return r ? emit_failed(e, r, path) : 0;
}

static int prune_name(struct emit *e, tree_node n, const char *path)
{
	bool is_dir = S_ISDIR(tree_type(e->tree, n));
	int r = is_dir ? emit_prune(e, n, path) : 0;

	if (r)
		return r;
	if (tree_layer(e->tree, n) < e->layer)
		return emit_remove(e, n, path);
	return is_dir && !tree_marked(e->tree, n, TREE_NAMED)
		       ? forget_dir(e, n, path) : 0;
}

/* As deep as a path has components: PATH_MAX / 2. */
int emit_prune(struct emit *e, tree_node dir, const char *path)
{
	tree_node n, next;
	int r = 0;

	for (n = tree_child(e->tree, dir); n && !r; n = next) {
		next = tree_sibling(e->tree, n);
		r = prune_name(e, n, path);
	}
	return r;
}

/* The directory by the path's `len` first bytes: 1, or 0 if there is none. */
static int find_dir(struct emit *e, const char *path, size_t len,
		    tree_node *ret)
{
	_cleanup_resolved struct resolved to;
	int r = resolve_dir(e->tree, path, len, 0, e->layer, &to);

	if (r && r != -ENOTDIR && r != -ENOENT)
		return emit_failed(e, r, path);
	if (r || to.len)
		return 0;
	*ret = to.at;
	return 1;
}

int emit_whiteout(struct emit *e, const char *path)
{
	const char *last = strrchr(path, '/') + 1;
	tree_node parent, n;
	int r;

	if (!last[0]) {
		if (emit_tells(e))
			log_error(0, "a layer deletes the root");
		return -EINVAL;
	}
	r = find_dir(e, path, (size_t)(last - 1 - path), &parent);
	if (r <= 0)
		return r;
	n = tree_find(e->tree, parent, last, strlen(last));
	return n ? prune_name(e, n, path) : 0;
}

int emit_opaque(struct emit *e, const char *path)
{
	tree_node dir;
	int r = find_dir(e, path, path[1] ? strlen(path) : 0, &dir);

	return r <= 0 ? r : emit_prune(e, dir, path);
}
