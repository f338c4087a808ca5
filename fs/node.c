/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/node.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "fs/dir.h"
#include "fs/io.h"
#include "fs/memory.h"

/* More names of one file are not remembered: an O_PATH descriptor serves when
 * all that are known go. */
#define ALIASES_MAX 16

void found_release(struct fs *fs, struct found *f)
{
	lowers_free(fs, f->lowers, f->nlowers);
	lower_put(fs, f->data);
	free(f->index_name);
	memset(f, 0, sizeof(*f));
}

static struct table_key upper_key(struct fs *fs, uint64_t ino)
{
	return (struct table_key){ { UINT64_MAX, fs->upper_dev, ino } };
}

static struct table_key lower_key(const struct lower *l)
{
	return (struct table_key){ { l->layer->index, l->dev, l->ino } };
}

/* The node of an entry: the key's first word says which of its two it is. */
static struct node *node_of(struct table_entry *e)
{
	size_t offset = e->key.word[0] == UINT64_MAX ?
				offsetof(struct node, by_upper) :
				offsetof(struct node, by_lower);

	return (struct node *)((char *)e - offset);
}

struct node *node_get(struct fs *fs, uint64_t id)
{
	return id == NODE_ROOT_ID ? fs->root : slots_get(fs->nodes, id);
}

struct node *node_ref(struct node *n)
{
	atomic_fetch_add_explicit(&n->refs, 1, memory_order_relaxed);
	return n;
}

/* Fails on a node whose last reference is gone. */
static bool ref_unless_dead(struct node *n)
{
	unsigned long refs = atomic_load(&n->refs);

	while (refs)
		if (atomic_compare_exchange_weak(&n->refs, &refs, refs + 1))
			return true;
	return false;
}

struct node *node_get_unheld(struct fs *fs, uint64_t id)
{
	struct node *n;

	/* While the id is in the table the node is not freed. */
	pthread_mutex_lock(&fs->burials);
	n = node_get(fs, id);
	if (n && !ref_unless_dead(n))
		n = NULL;
	pthread_mutex_unlock(&fs->burials);
	return n;
}

static void unkey(struct fs *fs, struct table_entry *e)
{
	struct table_shard *s = table_lock(&fs->table, &e->key);

	table_remove(s, e);
	table_unlock(s);
}

static void free_node(struct fs *fs, struct node *n)
{
	io_forget(fs, n);
	if (n->dir) {
		dir_drop_listing(n);
		fdcache_clear(&fs->fdcache, &n->dir->upper);
		lowers_free(fs, n->dir->lowers, n->dir->nheld);
		pthread_rwlock_destroy(&n->dir->names);
		free(n->dir);
	}
	cleanup_fdref(&n->orphan);
	lower_put(fs, n->lower);
	lower_put(fs, n->data);
	free(n->index_name);
	pthread_mutex_destroy(&n->busy);
	pthread_mutex_destroy(&n->lock);
	free(n);
}

/* Takes a dead node out of the tables and frees it; its names' parents are
 * handed back as a list, for they may die too. */
static struct alias *bury(struct fs *fs, struct node *n)
{
	struct alias *names = n->aliases;

	if (n->keyed_lower)
		unkey(fs, &n->by_lower);
	if (n->keyed_upper)
		unkey(fs, &n->by_upper);
	pthread_mutex_lock(&fs->burials);
	slots_remove(fs->nodes, n->id);
	if (n->old_id)
		slots_remove(fs->nodes, n->old_id);
	pthread_mutex_unlock(&fs->burials);
	free_node(fs, n);
	return names;
}

void node_put(struct fs *fs, struct node *n, unsigned long count)
{
	struct alias *todo = NULL, *names, *a;
	size_t buried = 0;

	/* A list instead of recursion: a path may be deeper than the stack. */
	for (;;) {
		if (atomic_fetch_sub(&n->refs, count) == count) {
			names = bury(fs, n);
			buried++;
			while (names) {
				a = names;
				names = a->next;
				a->next = todo;
				todo = a;
			}
		}
		if (!todo)
			break;
		a = todo;
		todo = a->next;
		n = a->parent;
		count = 1;
		free(a);
	}
	if (buried)
		memory_freed(buried, slots_count(fs->nodes));
}

static struct node *new_node(struct fs *fs, struct found *f)
{
	struct node *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	if (S_ISDIR(f->st.st_mode)) {
		n->dir = calloc(1, sizeof(*n->dir));
		if (!n->dir) {
			free(n);
			return NULL;
		}
		pthread_rwlock_init(&n->dir->names, NULL);
		fdslot_init(&n->dir->upper);
		n->dir->lowers = take_ptr(f->lowers);
		n->dir->nheld = f->nlowers;
		atomic_init(&n->dir->nlowers, f->nlowers);
		n->dir->impure = f->impure;
		f->nlowers = 0;
	} else {
		if (f->nlowers)
			n->lower = lower_get(f->lowers[0]);
		n->data = take_ptr(f->data);
		n->index_name = take_ptr(f->index_name);
	}
	pthread_mutex_init(&n->busy, NULL);
	pthread_mutex_init(&n->lock, NULL);
	atomic_init(&n->refs, 1);
	atomic_init(&n->epoch, 0);
	n->type = f->st.st_mode & S_IFMT;
	n->ino = f->ino;
	n->links = f->links ? f->links : 1;
	if (f->upper) {
		n->upper_ino = f->st.st_ino;
		n->flags = NODE_UPPER | (f->metacopy ? NODE_METACOPY : 0) |
			   (f->indexed ? NODE_INDEXED : 0) |
			   (f->rdev00 ? NODE_RDEV00 : 0);
	}
	return n;
}

static bool same_alias(const struct alias *a, struct node *parent,
		       const char *name)
{
	return a->parent == parent && !strcmp(a->name, name);
}

static struct alias *new_alias(struct node *parent, const char *name)
{
	size_t len = strlen(name);
	struct alias *a = malloc(sizeof(*a) + len + 1);

	if (!a)
		return NULL;
	a->parent = node_ref(parent);
	a->next = NULL;
	memcpy(a->name, name, len + 1);
	return a;
}

int node_add_alias(struct fs *fs, struct node *n, struct node *parent,
		   const char *name)
{
	struct alias *a, *fresh, **p;
	struct fdref *orphan = NULL;
	unsigned count = 0;

	pthread_mutex_lock(&n->lock);
	for (a = n->aliases; a && !same_alias(a, parent, name); a = a->next)
		count++;
	pthread_mutex_unlock(&n->lock);
	if (a || count >= ALIASES_MAX)
		return 0;
	fresh = new_alias(parent, name);
	if (!fresh)
		return -ENOMEM;
	pthread_mutex_lock(&n->lock);
	for (p = &n->aliases; *p && !same_alias(*p, parent, name);
	     p = &(*p)->next)
		;
	/* Behind the others: who has chosen the first finds it again. */
	if (!*p) {
		*p = fresh;
		fresh = NULL;
		/* It has a name (again): no descriptor need be kept. */
		orphan = take_ptr(n->orphan);
	}
	pthread_mutex_unlock(&n->lock);
	cleanup_fdref(&orphan);
	if (fresh) {
		node_put(fs, fresh->parent, 1);
		free(fresh);
	}
	return 0;
}

void node_del_alias(struct fs *fs, struct node *n, struct node *parent,
		    const char *name, struct fdref *orphan)
{
	struct alias **p, *gone = NULL;

	pthread_mutex_lock(&n->lock);
	for (p = &n->aliases; *p; p = &(*p)->next) {
		if (same_alias(*p, parent, name)) {
			gone = *p;
			*p = gone->next;
			break;
		}
	}
	if (!n->aliases && !n->orphan && orphan)
		n->orphan = fdref_get(orphan);
	pthread_mutex_unlock(&n->lock);
	if (gone) {
		node_put(fs, gone->parent, 1);
		free(gone);
	}
}

bool node_last_alias(struct node *n, struct node *parent, const char *name)
{
	bool last;

	pthread_mutex_lock(&n->lock);
	last = !n->aliases || (same_alias(n->aliases, parent, name) &&
			       !n->aliases->next);
	pthread_mutex_unlock(&n->lock);
	return last;
}

int node_alias(struct node *n, struct node **ret_parent,
	       char name[static NAME_MAX + 1])
{
	int r = -ESTALE;

	pthread_mutex_lock(&n->lock);
	if (n->aliases) {
		*ret_parent = node_ref(n->aliases->parent);
		memcpy(name, n->aliases->name, strlen(n->aliases->name) + 1);
		r = 0;
	}
	pthread_mutex_unlock(&n->lock);
	return r;
}

/* The live node with this key, with a reference; or `fresh`, now in the
 * table. */
static struct node *find_or_insert(struct fs *fs, const struct table_key *key,
				   bool upper, struct node *fresh)
{
	struct table_shard *s;
	struct table_entry *e;
	struct node *n;

	for (;;) {
		s = table_lock(&fs->table, key);
		e = table_find(s, key);
		if (!e) {
			table_insert(s,
				     upper ? &fresh->by_upper :
					     &fresh->by_lower,
				     key);
			if (upper)
				fresh->keyed_upper = true;
			else
				fresh->keyed_lower = true;
			table_unlock(s);
			return fresh;
		}
		n = node_of(e);
		if (ref_unless_dead(n)) {
			table_unlock(s);
			return n;
		}
		/* Its last holder is about to take it out of the table. */
		table_unlock(s);
		sched_yield();
	}
}

int node_find_or_add(struct fs *fs, struct node *parent, const char *name,
		     struct found *f, struct fdref *orphan, struct node **ret)
{
	struct table_key key = f->upper ? upper_key(fs, f->st.st_ino) :
					  lower_key(f->lowers[0]);
	struct node *fresh = new_node(fs, f), *n;
	struct alias *a = parent ? new_alias(parent, name) : NULL;
	uint64_t id;
	int r = 0;

	if (!fresh || (parent && !a))
		r = -ENOMEM;
	if (!r)
		r = slots_add(fs->nodes, fresh, &id);
	if (r) {
		if (a)
			node_put(fs, parent, 1);
		free(a);
		if (fresh)
			free_node(fs, fresh);
		return r;
	}
	/* Complete before it is published. */
	atomic_store(&fresh->id, id);
	fresh->aliases = a;
	fresh->orphan = orphan ? fdref_get(orphan) : NULL;
	n = find_or_insert(fs, &key, f->upper, fresh);
	if (n == fresh) {
		*ret = n;
		return 0;
	}
	node_put(fs, fresh, 1);
	if (parent)
		r = node_add_alias(fs, n, parent, name);
	if (r)
		node_put(fs, n, 1);
	else
		*ret = n;
	return r;
}

unsigned node_flags(struct node *n)
{
	unsigned flags;

	pthread_mutex_lock(&n->lock);
	flags = n->flags;
	pthread_mutex_unlock(&n->lock);
	return flags;
}

void node_key_upper(struct fs *fs, struct node *n, uint64_t upper_ino)
{
	struct table_key key = upper_key(fs, upper_ino);
	struct table_shard *s = table_lock(&fs->table, &key);

	table_insert(s, &n->by_upper, &key);
	table_unlock(s);
	n->keyed_upper = true;
}

void node_unkey_upper(struct fs *fs, struct node *n)
{
	unkey(fs, &n->by_upper);
	n->keyed_upper = false;
}

void node_set_upper(struct fs *fs, struct node *n, uint64_t upper_ino,
		    unsigned set, unsigned clear)
{
	bool first = !(node_flags(n) & NODE_UPPER);

	/* The layer's inode is hidden now, unless it has other names. */
	if (first && n->keyed_lower && n->links == 1) {
		unkey(fs, &n->by_lower);
		n->keyed_lower = false;
	}
	pthread_mutex_lock(&n->lock);
	n->upper_ino = upper_ino;
	n->flags = (n->flags & ~clear) | set | NODE_UPPER;
	pthread_mutex_unlock(&n->lock);
}

int node_make_root(struct fs *fs)
{
	struct found f = { 0 };
	struct stat st;
	int r = 0;

	if (fstat(fs->upper_fd >= 0 ? fs->upper_fd : fs->layers[0].fd, &st))
		return -errno;
	f.st = st;
	f.upper = fs->upper_fd >= 0;
	f.lowers = calloc(fs->nlayers ? fs->nlayers : 1, sizeof(*f.lowers));
	if (!f.lowers)
		return -ENOMEM;
	for (unsigned i = 0; i < fs->nlayers; i++)
		f.lowers[i] = lower_get(fs->roots[i]);
	f.nlowers = fs->nlayers;
	f.ino = fs->nlayers ? lower_ino(fs->roots[0]) :
			      st.st_ino + fs->upper_base;
	fs->root = new_node(fs, &f);
	if (!fs->root)
		r = -ENOMEM;
	else
		fs->root->id = NODE_ROOT_ID;
	found_release(fs, &f);
	return r;
}

static void collect(struct table_entry *e, void *arg)
{
	struct node *n = node_of(e);
	struct node ***next = arg;

	/* A node with two keys comes twice: count it by its lower key. */
	if (e->key.word[0] == UINT64_MAX && n->keyed_lower)
		return;
	*(*next)++ = n;
}

void node_free_all(struct fs *fs)
{
	size_t n = table_count(&fs->table);
	struct node **all = calloc(n + 1, sizeof(*all)), **end = all;
	struct alias *a;

	/* Without memory the process's end frees them. */
	if (!all)
		return;
	table_foreach(&fs->table, collect, &end);
	for (struct node **p = all; p < end; p++) {
		while ((a = (*p)->aliases)) {
			(*p)->aliases = a->next;
			free(a);
		}
		if ((*p)->keyed_lower)
			unkey(fs, &(*p)->by_lower);
		if ((*p)->keyed_upper)
			unkey(fs, &(*p)->by_upper);
		slots_remove(fs->nodes, (*p)->id);
		if ((*p)->old_id)
			slots_remove(fs->nodes, (*p)->old_id);
		free_node(fs, *p);
	}
	free(all);
	if (fs->root)
		free_node(fs, fs->root);
	fs->root = NULL;
}
