// SPDX-License-Identifier: Apache-2.0
/* The structure: nodes in arenas, one hash table over all directories. */
#include "mkimage/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "mkimage/spool.h"
#include "mkimage/tree_types.h"

#define FIRST_BUCKETS 1024

static tree_node *bucket(const struct tree *t, tree_node parent,
			 const char *name, size_t len)
{
	uint64_t h = XXH3_64bits_withSeed(name, len, t->seed ^ parent);

	return &t->buckets[h & (t->nbuckets - 1)];
}

static tree_node *bucket_of(const struct tree *t, tree_node n)
{
	const struct node *node = tree_at(t, n);

	return bucket(t, node->parent, tree_name(t, n), node->len);
}

static void insert(struct tree *t, tree_node n)
{
	tree_node *b = bucket_of(t, n);

	tree_at(t, n)->chain = *b;
	*b = n;
}

/* Without memory the chains just grow longer. */
static void grow(struct tree *t)
{
	tree_node *old = t->buckets;
	size_t nold = t->nbuckets;

	t->buckets = calloc(2 * nold, sizeof(*t->buckets));
	if (!t->buckets) {
		t->buckets = old;
		return;
	}
	t->nbuckets = 2 * nold;
	for (size_t i = 0; i < nold; i++) {
		for (tree_node n = old[i], next; n; n = next) {
			next = tree_at(t, n)->chain;
			insert(t, n);
		}
	}
	free(old);
}

static int add_element(struct arena *a, size_t size, uint32_t *ret)
{
	size_t at;
	int r;

	if (a->len / size >= INT32_MAX)
		return -ENOMEM;
	r = arena_add(a, size, &at);
	if (!r)
		*ret = (uint32_t)(at / size);
	return r;
}

static int add_name(struct tree *t, const char *name, size_t len,
		    uint32_t *ret)
{
	size_t at;
	int r;

	if (t->names.len + len >= UINT32_MAX)
		return -ENOMEM;
	r = arena_add(&t->names, len + 1, &at);
	if (r)
		return r;
	memcpy(t->names.data + at, name, len);
	*ret = (uint32_t)at;
	return 0;
}

static int take_number(struct tree *t, tree_node *ret)
{
	if (!t->free)
		return add_element(&t->nodes, sizeof(struct node), ret);
	*ret = t->free;
	t->free = tree_at(t, t->free)->next;
	memset(tree_at(t, *ret), 0, sizeof(struct node));
	return 0;
}

static void give_number(struct tree *t, tree_node n)
{
	*tree_at(t, n) = (struct node){ .next = t->free };
	t->free = n;
}

/* Not in a directory, nor in the table yet. */
static int make_node(struct tree *t, const char *name, size_t len, mode_t type,
		     tree_node *ret)
{
	uint32_t at, dir = 0;
	tree_node n;
	int r;

	if (len > UINT8_MAX)
		return -ENAMETOOLONG;
	r = add_name(t, name, len, &at);
	if (!r && S_ISDIR(type))
		r = add_element(&t->dirs, sizeof(struct dir), &dir);
	if (!r)
		r = take_number(t, &n);
	if (r)
		return r;
	tree_at(t, n)->name = at;
	tree_at(t, n)->len = (uint8_t)len;
	tree_at(t, n)->bits = (uint8_t)((type & S_IFMT) >> 12);
	tree_at(t, n)->more = dir;
	*ret = n;
	return 0;
}

static int clear_record(struct tree *t, tree_node n, mode_t type)
{
	const struct manifest_entry e = {
		.mode = type | (S_ISDIR(type) ? 0755 : 0),
	};

	return tree_put(t, n, &e, NULL);
}

static int fill(struct tree *t, int dirfd)
{
	uint32_t none;
	tree_node root;
	int r = spool_new(&t->records, dirfd);

	if (!r)
		r = spool_new(&t->values, dirfd);
	/* Number 0 is none, of nodes and of groups. */
	if (!r)
		r = add_element(&t->nodes, sizeof(struct node), &none);
	if (!r)
		r = add_element(&t->groups, sizeof(struct group), &none);
	if (!r)
		r = make_node(t, "", 0, S_IFDIR, &root);
	return r ? r : clear_record(t, root, S_IFDIR);
}

int tree_new(struct tree **ret, int dirfd)
{
	struct tree *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return -ENOMEM;
	t->buckets = calloc(FIRST_BUCKETS, sizeof(*t->buckets));
	t->nbuckets = FIRST_BUCKETS;
	if (getrandom(&t->seed, sizeof(t->seed), 0) != sizeof(t->seed))
		t->seed = (uintptr_t)t;
	r = t->buckets ? fill(t, dirfd) : -ENOMEM;
	if (r) {
		tree_free(t);
		return r;
	}
	*ret = t;
	return 0;
}

void tree_free(struct tree *t)
{
	if (!t)
		return;
	arena_release(&t->nodes);
	arena_release(&t->names);
	arena_release(&t->dirs);
	arena_release(&t->groups);
	free(t->buckets);
	spool_free(t->records);
	spool_free(t->values);
	free(t);
}

tree_node tree_find(const struct tree *t, tree_node parent, const char *name,
		    size_t len)
{
	tree_node n = *bucket(t, parent, name, len);

	for (; n; n = tree_at(t, n)->chain) {
		const struct node *node = tree_at(t, n);

		if (node->parent == parent && node->len == len &&
		    !memcmp(t->names.data + node->name, name, len))
			break;
	}
	return n;
}

/* Into directory and table. */
static void attach(struct tree *t, tree_node parent, tree_node n)
{
	struct dir *d = tree_dir(t, parent);
	struct node *node = tree_at(t, n);

	node->parent = parent;
	node->next = d->child;
	if (d->child)
		tree_at(t, d->child)->prev = n;
	d->child = n;
	if (S_ISDIR(tree_type(t, n)))
		d->nsubdirs++;
	if (t->count++ >= t->nbuckets)
		grow(t);
	insert(t, n);
}

int tree_add(struct tree *t, tree_node parent, const char *name, size_t len,
	     mode_t type, tree_node *ret)
{
	tree_node n;
	int r = make_node(t, name, len, type, &n);

	if (r)
		return r;
	r = clear_record(t, n, type);
	if (r) {
		give_number(t, n);
		return r;
	}
	attach(t, parent, n);
	*ret = n;
	return 0;
}

int tree_link(struct tree *t, tree_node parent, const char *name, size_t len,
	      tree_node target, tree_node *ret)
{
	uint32_t group = tree_at(t, target)->more;
	tree_node n;
	int r = 0;

	if (!group) {
		r = add_element(&t->groups, sizeof(struct group), &group);
		if (r)
			return r;
		*tree_group(t, group) = (struct group){ target, 1, 0 };
		tree_at(t, target)->more = group;
	}
	r = make_node(t, name, len, tree_type(t, target), &n);
	if (r)
		return r;
	tree_at(t, n)->more = group;
	tree_group(t, group)->nlink++;
	attach(t, parent, n);
	*ret = n;
	return 0;
}

static void detach(struct tree *t, tree_node n)
{
	struct node *node = tree_at(t, n);
	struct dir *d = tree_dir(t, node->parent);
	tree_node *at = bucket_of(t, n);

	while (*at != n)
		at = &tree_at(t, *at)->chain;
	*at = node->chain;
	if (node->prev)
		tree_at(t, node->prev)->next = node->next;
	else
		d->child = node->next;
	if (node->next)
		tree_at(t, node->next)->prev = node->prev;
	if (S_ISDIR(tree_type(t, n)))
		d->nsubdirs--;
	t->count--;
}

void tree_remove(struct tree *t, tree_node n)
{
	struct node *node = tree_at(t, n);
	struct group *g = NULL;

	detach(t, n);
	if (!S_ISDIR(tree_type(t, n)) && node->more)
		g = tree_group(t, node->more);
	if (g && --g->nlink) {
		/* The owner's number stays taken: the record has it. */
		if (g->owner == n)
			node->bits &= (uint8_t)~TREE_TYPE_MASK;
		else
			give_number(t, n);
		return;
	}
	if (g && g->owner != n)
		give_number(t, g->owner);
	give_number(t, n);
}

mode_t tree_type(const struct tree *t, tree_node n)
{
	return (mode_t)(tree_at(t, n)->bits & TREE_TYPE_MASK) << 12;
}

tree_node tree_parent(const struct tree *t, tree_node n)
{
	return tree_at(t, n)->parent;
}

const char *tree_name(const struct tree *t, tree_node n)
{
	return t->names.data + tree_at(t, n)->name;
}

tree_node tree_child(const struct tree *t, tree_node dir)
{
	return tree_dir(t, dir)->child;
}

tree_node tree_sibling(const struct tree *t, tree_node n)
{
	return tree_at(t, n)->next;
}

tree_node tree_inode(const struct tree *t, tree_node n)
{
	uint32_t more = tree_at(t, n)->more;

	if (!more || S_ISDIR(tree_type(t, n)))
		return n;
	return tree_group(t, more)->owner;
}

uint32_t tree_nlink(const struct tree *t, tree_node n)
{
	uint32_t more = tree_at(t, n)->more;

	if (S_ISDIR(tree_type(t, n)))
		return 2 + tree_dir(t, n)->nsubdirs;
	return more ? tree_group(t, more)->nlink : 1;
}

uint32_t *tree_group_number(const struct tree *t, tree_node n)
{
	if (S_ISDIR(tree_type(t, n)) || tree_nlink(t, n) < 2)
		return NULL;
	return &tree_group(t, tree_at(t, n)->more)->number;
}

uint32_t tree_layer(const struct tree *t, tree_node n)
{
	return tree_at(t, n)->layer;
}

void tree_set_layer(struct tree *t, tree_node n, uint32_t layer)
{
	tree_at(t, n)->layer = (uint16_t)layer;
}

bool tree_marked(const struct tree *t, tree_node n, unsigned int mark)
{
	return tree_at(t, tree_inode(t, n))->bits & mark << TREE_TYPE_BITS;
}

void tree_mark(struct tree *t, tree_node n, unsigned int mark, bool on)
{
	struct node *node = tree_at(t, tree_inode(t, n));

	if (on)
		node->bits |= (uint8_t)(mark << TREE_TYPE_BITS);
	else
		node->bits &= (uint8_t)~(mark << TREE_TYPE_BITS);
}

tree_node tree_next_dir(const struct tree *t, tree_node n)
{
	size_t end = t->nodes.len / sizeof(struct node);

	for (n++; n < end; n++)
		if (S_ISDIR(tree_type(t, n)))
			return n;
	return TREE_NONE;
}
