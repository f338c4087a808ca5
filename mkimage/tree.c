// SPDX-License-Identifier: Apache-2.0
#include "mkimage/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "base/cleanup.h"

#define FIRST_BUCKETS 1024

struct tree {
	struct tree_node *root;
	struct tree_node **buckets;
	size_t nbuckets, count;
	uint64_t seed; /* so that no archive can choose the chains */
};

static uint64_t hash(const struct tree *t, const struct tree_node *parent,
		     const char *name, size_t len)
{
	return XXH3_64bits_withSeed(name, len, t->seed ^ (uintptr_t)parent);
}

static struct tree_node **bucket(const struct tree *t,
				 const struct tree_node *parent,
				 const char *name, size_t len)
{
	return &t->buckets[hash(t, parent, name, len) & (t->nbuckets - 1)];
}

static void insert(struct tree *t, struct tree_node *n)
{
	struct tree_node **b = bucket(t, n->parent, n->name, n->len);

	n->chain = *b;
	*b = n;
}

/* Without memory the chains just grow longer. */
static void grow(struct tree *t)
{
	struct tree_node **old = t->buckets;
	size_t nold = t->nbuckets;

	t->buckets = calloc(2 * nold, sizeof(*t->buckets));
	if (!t->buckets) {
		t->buckets = old;
		return;
	}
	t->nbuckets = 2 * nold;
	for (size_t i = 0; i < nold; i++) {
		for (struct tree_node *n = old[i], *next; n; n = next) {
			next = n->chain;
			insert(t, n);
		}
	}
	free(old);
}

static void free_xattrs(struct tree_inode *inode)
{
	for (uint32_t i = 0; i < inode->nxattrs; i++) {
		free(inode->xattrs[i].name);
		free(inode->xattrs[i].value);
	}
	free(inode->xattrs);
	inode->xattrs = NULL;
	inode->nxattrs = 0;
}

static void free_inode(struct tree_inode *inode)
{
	free_xattrs(inode);
	if (S_ISLNK(inode->mode))
		free(inode->target);
	free(inode);
}

static struct tree_node *new_node(const char *name, size_t len,
				  struct tree_node *parent,
				  struct tree_inode *inode)
{
	struct tree_node *n = calloc(1, sizeof(*n) + len + 1);

	if (!n)
		return NULL;
	memcpy(n->name, name, len);
	n->len = (uint16_t)len;
	n->parent = parent;
	n->inode = inode;
	n->other = inode->names;
	inode->names = n;
	inode->nnames++;
	return n;
}

int tree_new(struct tree **ret)
{
	struct tree *t = calloc(1, sizeof(*t));
	struct tree_inode *inode = calloc(1, sizeof(*inode));

	if (t)
		t->buckets = calloc(FIRST_BUCKETS, sizeof(*t->buckets));
	if (t && inode)
		t->root = new_node("", 0, NULL, inode);
	if (!t || !inode || !t->buckets || !t->root) {
		if (t) {
			free(t->root);
			free(t->buckets);
		}
		free(inode);
		free(t);
		return -ENOMEM;
	}
	inode->mode = S_IFDIR | 0755;
	t->nbuckets = FIRST_BUCKETS;
	if (getrandom(&t->seed, sizeof(t->seed), 0) != sizeof(t->seed))
		t->seed = (uintptr_t)t;
	*ret = t;
	return 0;
}

static void free_node(struct tree_node *n)
{
	if (!--n->inode->nnames)
		free_inode(n->inode);
	free(n);
}

void tree_free(struct tree *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->nbuckets; i++) {
		for (struct tree_node *n = t->buckets[i], *next; n; n = next) {
			next = n->chain;
			free_node(n);
		}
	}
	free_node(t->root);
	free(t->buckets);
	free(t);
}

struct tree_node *tree_root(const struct tree *t)
{
	return t->root;
}

struct tree_node *tree_find(const struct tree *t,
			    const struct tree_node *parent, const char *name,
			    size_t len)
{
	struct tree_node *n;

	for (n = *bucket(t, parent, name, len); n; n = n->chain)
		if (n->parent == parent && n->len == len &&
		    !memcmp(n->name, name, len))
			return n;
	return NULL;
}

int tree_link(struct tree *t, struct tree_node *parent, const char *name,
	      size_t len, struct tree_inode *inode, struct tree_node **ret)
{
	struct tree_node *n = new_node(name, len, parent, inode);

	if (!n)
		return -ENOMEM;
	n->sibling = parent->inode->dir.children;
	parent->inode->dir.children = n;
	if (S_ISDIR(inode->mode))
		parent->inode->dir.nsubdirs++;
	if (t->count++ >= t->nbuckets)
		grow(t);
	insert(t, n);
	*ret = n;
	return 0;
}

int tree_add(struct tree *t, struct tree_node *parent, const char *name,
	     size_t len, mode_t mode, struct tree_node **ret)
{
	struct tree_inode *inode = calloc(1, sizeof(*inode));
	int r;

	if (!inode)
		return -ENOMEM;
	inode->mode = mode;
	r = tree_link(t, parent, name, len, inode, ret);
	if (r)
		free(inode);
	return r;
}

/* Takes n out of one of the lists it is in. */
#define UNLIST(first, member, n)                                               \
	do {                                                                   \
		struct tree_node **at_ = &(first);                             \
		while (*at_ != (n))                                            \
			at_ = &(*at_)->member;                                 \
		*at_ = (n)->member;                                            \
	} while (0)

void tree_remove(struct tree *t, struct tree_node *n)
{
	struct tree_inode *parent = n->parent->inode;

	UNLIST(*bucket(t, n->parent, n->name, n->len), chain, n);
	UNLIST(parent->dir.children, sibling, n);
	UNLIST(n->inode->names, other, n);
	if (S_ISDIR(n->inode->mode))
		parent->dir.nsubdirs--;
	t->count--;
	free_node(n);
}

void tree_set(struct tree_inode *inode, struct manifest_entry *e)
{
	inode->mode = e->mode;
	inode->uid = e->uid;
	inode->gid = e->gid;
	inode->size = e->size;
	inode->mtime_sec = e->mtime_sec;
	inode->mtime_nsec = e->mtime_nsec;
	free_xattrs(inode);
	inode->xattrs = take_ptr(e->xattrs);
	inode->nxattrs = (uint32_t)e->nxattrs;
	e->nxattrs = 0;
	if (S_ISLNK(e->mode))
		inode->target = take_ptr(e->target);
	else if (S_ISCHR(e->mode) || S_ISBLK(e->mode))
		inode->rdev = e->rdev;
}

int tree_path(const struct tree_node *n, struct bytes *out)
{
	int r = 0;

	if (!n->parent)
		return bytes_adds(out, ".");
	if (n->parent->parent) {
		r = tree_path(n->parent, out);
		if (!r)
			r = bytes_adds(out, "/");
	}
	return r ? r : bytes_add(out, n->name, n->len);
}

/* What a directory's listing is made of: a name, or all that is below it. */
struct item {
	struct tree_node *node;
	bool below;
};

/*
 * As their paths compare: a directory's content sorts as if its name ended in
 * a slash, so "a-b" stands between "a" and "a/x".
 */
static int compare(const void *x, const void *y)
{
	const struct item *a = x, *b = y;
	size_t la = a->node->len, lb = b->node->len;
	size_t n = la < lb ? la : lb;
	int c = memcmp(a->node->name, b->node->name, n);
	unsigned char ca, cb;

	if (c)
		return c;
	ca = la > n ? (unsigned char)a->node->name[n] : a->below ? '/' : 0;
	cb = lb > n ? (unsigned char)b->node->name[n] : b->below ? '/' : 0;
	return (int)ca - (int)cb;
}

static int list(const struct tree_node *dir, struct item **ret, size_t *ret_n)
{
	struct tree_node *c;
	struct item *items;
	size_t n = 0;

	for (c = dir->inode->dir.children; c; c = c->sibling)
		n += 1 + S_ISDIR(c->inode->mode);
	items = malloc((n + 1) * sizeof(*items));
	if (!items)
		return -ENOMEM;
	n = 0;
	for (c = dir->inode->dir.children; c; c = c->sibling) {
		items[n++] = (struct item){ c, false };
		if (S_ISDIR(c->inode->mode))
			items[n++] = (struct item){ c, true };
	}
	if (n)
		qsort(items, n, sizeof(*items), compare);
	*ret = items;
	*ret_n = n;
	return 0;
}

struct walk {
	int (*fn)(struct tree_node *n, const char *path, void *arg);
	void *arg;
	struct bytes path;
};

/* As deep as a path has components: PATH_MAX / 2. */
static int walk_below(struct walk *w, const struct tree_node *dir)
{
	_cleanup_free struct item *items = NULL;
	size_t n = 0, len = w->path.len;
	int r = list(dir, &items, &n);

	for (size_t i = 0; i < n && !r; i++) {
		struct tree_node *node = items[i].node;

		w->path.len = len;
		r = bytes_adds(&w->path, "/");
		if (!r)
			r = bytes_add(&w->path, node->name, node->len);
		if (r)
			break;
		if (items[i].below)
			r = walk_below(w, node);
		else
			r = w->fn(node, w->path.data, w->arg);
	}
	return r;
}

int tree_walk(struct tree *t,
	      int (*fn)(struct tree_node *n, const char *path, void *arg),
	      void *arg)
{
	struct walk w = { fn, arg, BYTES_INIT };
	int r = fn(t->root, "/", arg);

	if (!r)
		r = walk_below(&w, t->root);
	bytes_release(&w.path);
	return r;
}
