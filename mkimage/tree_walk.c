// SPDX-License-Identifier: Apache-2.0
/* Paths, and the walk in their order, without holding them all. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "mkimage/tree.h"
#include "mkimage/tree_types.h"

size_t tree_path_len(const struct tree *t, tree_node n)
{
	size_t len = 0;

	for (; n != TREE_ROOT; n = tree_at(t, n)->parent)
		len += tree_at(t, n)->len + 1U;
	return len;
}

int tree_path(const struct tree *t, tree_node n, struct bytes *out)
{
	tree_node parent = tree_parent(t, n);
	int r = 0;

	if (n == TREE_ROOT)
		return bytes_adds(out, ".");
	if (parent != TREE_ROOT) {
		r = tree_path(t, parent, out);
		if (!r)
			r = bytes_adds(out, "/");
	}
	return r ? r : bytes_add(out, tree_name(t, n), tree_at(t, n)->len);
}

/* What a directory's listing is made of: a name, or all that is below it. */
struct item {
	tree_node node : 31;
	tree_node below : 1;
};

/* The byte behind the first n of the item's name. */
static int byte_at(const struct node *node, const char *name, size_t n,
		   bool below)
{
	if (node->len > n)
		return (unsigned char)name[n];
	return below ? '/' : 0;
}

/*
 * As their paths compare: a directory's content sorts as if its name ended in
 * a slash, so "a-b" stands between "a" and "a/x".
 */
static int compare(const void *x, const void *y, void *arg)
{
	const struct tree *t = arg;
	const struct item *a = x, *b = y;
	const struct node *na = tree_at(t, a->node), *nb = tree_at(t, b->node);
	const char *sa = t->names.data + na->name;
	const char *sb = t->names.data + nb->name;
	size_t n = na->len < nb->len ? na->len : nb->len;
	int c = memcmp(sa, sb, n);

	return c ? c : byte_at(na, sa, n, a->below) -
			       byte_at(nb, sb, n, b->below);
}

static int list(const struct tree *t, tree_node dir, struct item **ret,
		size_t *ret_n)
{
	struct item *items;
	size_t n = 0;

	for (tree_node c = tree_child(t, dir); c; c = tree_sibling(t, c))
		n += 1 + S_ISDIR(tree_type(t, c));
	items = malloc((n + 1) * sizeof(*items));
	if (!items)
		return -ENOMEM;
	n = 0;
	for (tree_node c = tree_child(t, dir); c; c = tree_sibling(t, c)) {
		items[n++] = (struct item){ c, 0 };
		if (S_ISDIR(tree_type(t, c)))
			items[n++] = (struct item){ c, 1 };
	}
	if (n)
		qsort_r(items, n, sizeof(*items), compare, (void *)t);
	*ret = items;
	*ret_n = n;
	return 0;
}

struct walk {
	const struct tree *tree;
	int (*fn)(tree_node n, const char *path, void *arg);
	void *arg;
	struct bytes path;
};

/* As deep as a path has components: PATH_MAX / 2. */
static int walk_below(struct walk *w, tree_node dir)
{
	_cleanup_free struct item *items = NULL;
	size_t n = 0, len = w->path.len;
	int r = list(w->tree, dir, &items, &n);

	for (size_t i = 0; i < n && !r; i++) {
		tree_node node = items[i].node;

		w->path.len = len;
		r = bytes_adds(&w->path, "/");
		if (!r)
			r = bytes_add(&w->path, tree_name(w->tree, node),
				      tree_at(w->tree, node)->len);
		if (r)
			break;
		if (items[i].below)
			r = walk_below(w, node);
		else
			r = w->fn(node, w->path.data, w->arg);
	}
	return r;
}

int tree_walk(const struct tree *t,
	      int (*fn)(tree_node n, const char *path, void *arg), void *arg)
{
	struct walk w = { t, fn, arg, BYTES_INIT };
	int r = fn(TREE_ROOT, "/", arg);

	if (!r)
		r = walk_below(&w, TREE_ROOT);
	bytes_release(&w.path);
	return r;
}
