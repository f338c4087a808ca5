// SPDX-License-Identifier: Apache-2.0
/*
 * Entries into the staged tree.  Where an entry goes is decided by the tree in
 * memory alone: a name that runs through a link, or through anything but a
 * directory, is refused before the kernel hears of it.  The descriptors are
 * taken step by step with O_NOFOLLOW nevertheless.
 *
 * Directories get their metadata in the end: until then they must be writable
 * and their times change.  What need not be on disk before is made then too
 * (emit_make.c).
 */
#include "mkimage/emit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "mkimage/emit_types.h"
#include "mkimage/pipeline.h"
#include "mkimage/resolve.h"
#include "mkimage/source.h"

#define LAYERS_MAX UINT16_MAX

bool emit_tells(struct emit *e)
{
	return !atomic_exchange(&e->told, true);
}

int emit_failed(struct emit *e, int r, const char *path)
{
	if (r != -EINTR && r != -ECANCELED && emit_tells(e))
		log_error(r, "%s", path);
	return r;
}

int emit_new(struct emit **ret, const struct emit_options *options)
{
	struct emit *e = calloc(1, sizeof(*e));
	int r;

	if (!e) {
		log_error(-ENOMEM, "a new tree");
		return -ENOMEM;
	}
	e->options = *options;
	if (!e->options.threads)
		e->options.threads = pipeline_cpus();
	r = tree_new(&e->tree, options->asidefd);
	if (!r)
		r = pipeline_new(&e->pipeline, e->options.threads);
	if (r) {
		emit_failed(e, r, "a new tree");
		emit_free(e);
		return r;
	}
	*ret = e;
	return 0;
}

void emit_free(struct emit *e)
{
	if (!e)
		return;
	if (e->pipeline) {
		pipeline_stop(e->pipeline, -ECANCELED);
		(void)emit_collect(e, true); /* it is what was just said */
	}
	pipeline_free(e->pipeline);
	emit_leave_pool(e);
	emit_put_dir(e->dir);
	tree_free(e->tree);
	arena_release(&e->keys);
	arena_release(&e->groups);
	arena_release(&e->names);
	arena_release(&e->known);
	free(e);
}

const struct emit_totals *emit_totals(const struct emit *e)
{
	return &e->totals;
}

/* Made on disk when something is made in it, or in the end. */
static int add_dir(struct emit *e, tree_node parent, const char *name,
		   size_t len, tree_node *ret)
{
	int r = tree_add(e->tree, parent, name, len, S_IFDIR, ret);

	if (r)
		return r;
	tree_set_layer(e->tree, *ret, e->layer);
	tree_mark(e->tree, *ret, TREE_LATER, true);
	return 0;
}

static int refuse_way(struct emit *e, int r, tree_node step, const char *path)
{
	if (r != -ENOTDIR)
		return emit_failed(e, r, path);
	if (emit_tells(e))
		log_error(0, "%s: a step on its way, '%s', is %s in the same %s",
			  path, tree_name(e->tree, step),
			  S_ISLNK(tree_type(e->tree, step))
				  ? "a symbolic link" : "not a directory",
			  tree_layer(e->tree, step) ? "layer" : "source");
	return r;
}

/* A layer that names what is in a directory names the directory too. */
static void touch(struct emit *e, tree_node dir)
{
	while (dir && tree_layer(e->tree, dir) != e->layer) {
		tree_set_layer(e->tree, dir, e->layer);
		tree_mark(e->tree, dir, TREE_NAMED, false);
		dir = tree_parent(e->tree, dir);
	}
}

/* The directory for `path`, made with its parents where the source has not
 * named them (yet): mode 0755, owner 0, time 0. */
static int find_parent(struct emit *e, const char *path, tree_node *ret,
		       const char **ret_last)
{
	const char *last = strrchr(path, '/') + 1, *rest;
	_cleanup_resolved struct resolved to;
	int r = resolve_dir(e->tree, path, (size_t)(last - 1 - path),
			    strlen(last), e->layer, &to);

	if (r)
		return refuse_way(e, r, to.at, path);
	/* Before it has a child of this layer, which ends the way up. */
	touch(e, to.at);
	for (rest = to.missing; rest < to.missing + to.len;) {
		size_t len = strcspn(rest, "/");

		r = add_dir(e, to.at, rest, len, &to.at);
		if (r)
			return emit_failed(e, r, path);
		rest += len + 1;
	}
	*ret = to.at;
	*ret_last = last;
	return 0;
}

int emit_remove(struct emit *e, tree_node n, const char *path)
{
	bool is_dir = S_ISDIR(tree_type(e->tree, n));
	struct emit_dir *dir;
	int r = emit_settle(e, n);

	if (r)
		return r;
	if (tree_marked(e->tree, n, TREE_LATER)) {
		if (S_ISREG(tree_type(e->tree, n)))
			emit_forget(e, n);
		tree_remove(e->tree, n);
		return 0;
	}
	r = emit_use_dir(e, tree_parent(e->tree, n), &dir);
	if (!r && unlinkat(dir->fd, tree_name(e->tree, n),
			   is_dir ? AT_REMOVEDIR : 0))
		r = -errno;
	if (r)
		return emit_failed(e, r, path);
	tree_remove(e->tree, n);
	return 0;
}

static int refuse_replace(struct emit *e, const char *path)
{
	if (emit_tells(e))
		log_error(0, "%s: is a directory with content earlier in the same source",
			  path);
	return -EISDIR;
}

/* Something of this name came before: it makes room. */
static int replace(struct emit *e, tree_node old, const char *path)
{
	int r;

	if (S_ISDIR(tree_type(e->tree, old)) && tree_child(e->tree, old)) {
		if (tree_layer(e->tree, old) == e->layer)
			return refuse_replace(e, path);
		r = emit_prune(e, old, path);
		if (r)
			return r;
	}
	return emit_remove(e, old, path);
}

static tree_node find(const struct emit *e, const char *path)
{
	const char *last = strrchr(path, '/') + 1;
	_cleanup_resolved struct resolved to;
	int r = resolve_dir(e->tree, path, (size_t)(last - 1 - path),
			    strlen(last), e->layer, &to);

	if (r || to.len)
		return TREE_NONE;
	return tree_find(e->tree, to.at, last, strlen(last));
}

static int refuse_target(struct emit *e, const struct manifest_entry *entry)
{
	if (emit_tells(e))
		log_error(0, "%s: a hard link to %s, which is no file before it in the source",
			  entry->path, entry->target);
	return -ENOENT;
}

static int emit_hardlink(struct emit *e, tree_node parent, const char *name,
			 const struct manifest_entry *entry)
{
	tree_node target = find(e, entry->target), n;
	_cleanup_fd int from = -1;
	struct emit_dir *dir;
	int r;

	if (!target || S_ISDIR(tree_type(e->tree, target)))
		return refuse_target(e, entry);
	r = emit_settle(e, target);
	if (!r) {
		r = emit_make(e, target);
		if (r)
			emit_failed(e, r, entry->target);
	}
	if (!r && S_ISREG(tree_type(e->tree, target)) &&
	    !tree_marked(e->tree, target, TREE_STAGED))
		r = emit_own(e, target, entry->path);
	if (r)
		return r;
	from = emit_open_dir(e, tree_parent(e->tree, target));
	r = from < 0 ? from : emit_use_dir(e, parent, &dir);
	if (!r && linkat(from, tree_name(e->tree, target), dir->fd, name, 0))
		r = -errno;
	if (!r)
		r = tree_link(e->tree, parent, name, strlen(name), target, &n);
	if (r)
		return emit_failed(e, r, entry->path);
	tree_set_layer(e->tree, n, e->layer);
	return 0;
}

/* Anything but regular files and directories. */
static int emit_special(struct emit *e, tree_node n,
			const struct manifest_entry *entry)
{
	int r = tree_put(e->tree, n, entry, NULL);

	if (r)
		return emit_failed(e, r, entry->path);
	tree_mark(e->tree, n, TREE_LATER, true);
	return 0;
}

static int emit_new_inode(struct emit *e, struct source *s, tree_node parent,
			  const char *name, struct source_item *item)
{
	const struct manifest_entry *entry = &item->entry;
	tree_node n;
	int r = tree_add(e->tree, parent, name, strlen(name), entry->mode, &n);

	if (r)
		return emit_failed(e, r, entry->path);
	tree_set_layer(e->tree, n, e->layer);
	if (S_ISREG(entry->mode))
		return emit_file(e, s, n, item);
	return emit_special(e, n, entry);
}

static int emit_directory(struct emit *e, tree_node parent, const char *name,
			  tree_node old, const struct manifest_entry *entry)
{
	int r = 0;

	if (!old)
		r = add_dir(e, parent, name, strlen(name), &old);
	if (!r)
		r = tree_put(e->tree, old, entry, NULL);
	if (r)
		return emit_failed(e, r, entry->path);
	tree_set_layer(e->tree, old, e->layer);
	tree_mark(e->tree, old, TREE_NAMED, true);
	return 0;
}

static int emit_root(struct emit *e, const struct manifest_entry *entry)
{
	int r;

	if (entry->hardlink || !S_ISDIR(entry->mode)) {
		if (emit_tells(e))
			log_error(0, "the source's root is not a directory");
		return -ENOTDIR;
	}
	touch(e, TREE_ROOT);
	r = tree_put(e->tree, TREE_ROOT, entry, NULL);
	return r ? emit_failed(e, r, "/") : 0;
}

/* The name is one of its target already. */
static bool is_linked(const struct emit *e, tree_node old,
		      const struct manifest_entry *entry)
{
	tree_node target = find(e, entry->target);

	return target && old &&
	       tree_inode(e->tree, target) == tree_inode(e->tree, old);
}

static int emit_entry(struct emit *e, struct source *s,
		      struct source_item *item)
{
	const struct manifest_entry *entry = &item->entry;
	bool is_dir = !entry->hardlink && S_ISDIR(entry->mode);
	tree_node parent, old;
	const char *name;
	int r;

	if (!strcmp(entry->path, "/"))
		return emit_root(e, entry);
	r = find_parent(e, entry->path, &parent, &name);
	if (r)
		return r;
	old = tree_find(e->tree, parent, name, strlen(name));
	if (entry->hardlink && is_linked(e, old, entry)) {
		tree_set_layer(e->tree, old, e->layer);
		return 0;
	}
	if (old && !(is_dir && S_ISDIR(tree_type(e->tree, old)))) {
		r = replace(e, old, entry->path);
		if (r)
			return r;
		old = TREE_NONE;
	}
	if (entry->hardlink)
		return emit_hardlink(e, parent, name, entry);
	if (is_dir)
		return emit_directory(e, parent, name, old, entry);
	return emit_new_inode(e, s, parent, name, item);
}

int emit_item(struct emit *e, struct source *s, struct source_item *item)
{
	int r = item->layer > LAYERS_MAX ? -E2BIG : 0;

	if (r)
		return emit_failed(e, r, "the layers");
	r = emit_collect(e, false);
	if (r)
		return r;
	e->layer = item->layer;
	switch (item->kind) {
	case SOURCE_ENTRY:
		return emit_entry(e, s, item);
	case SOURCE_WHITEOUT:
		return emit_whiteout(e, item->entry.path);
	case SOURCE_OPAQUE:
		return emit_opaque(e, item->entry.path);
	}
	return emit_failed(e, -EINVAL, item->entry.path);
}
