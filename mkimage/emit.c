// SPDX-License-Identifier: Apache-2.0
/*
 * Entries into the staged tree.  Where an entry goes is decided by the tree in
 * memory alone: a name that runs through a link, or through anything but a
 * directory, is refused before the kernel hears of it.  The descriptors are
 * taken step by step with O_NOFOLLOW nevertheless.
 *
 * Directories get their metadata in the end: until then they must be writable
 * and their times change.
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
#include "mkimage/content.h"
#include "mkimage/emit_types.h"
#include "mkimage/meta.h"
#include "mkimage/progress.h"
#include "mkimage/resolve.h"
#include "mkimage/source.h"

int emit_failed(int r, const char *path)
{
	if (r != -EINTR)
		log_error(r, "%s", path);
	return r;
}

int emit_new(struct emit **ret, int rootfd, struct progress *p)
{
	struct emit *e = calloc(1, sizeof(*e));
	int r = e ? tree_new(&e->tree) : -ENOMEM;

	if (r) {
		free(e);
		return emit_failed(r, "a new tree");
	}
	e->rootfd = rootfd;
	e->progress = p;
	e->dirfd = -1;
	*ret = e;
	return 0;
}

void emit_free(struct emit *e)
{
	if (!e)
		return;
	if (e->dirfd >= 0)
		close(e->dirfd);
	tree_free(e->tree);
	free(e);
}

const struct emit_totals *emit_totals(const struct emit *e)
{
	return &e->totals;
}

/* Of a directory in the tree: a new descriptor. */
static int open_dir(const struct emit *e, const struct tree_node *dir)
{
	_cleanup_fd int above = -1;
	int fd;

	if (!dir->parent)
		fd = fcntl(e->rootfd, F_DUPFD_CLOEXEC, 0);
	else if (dir->parent == e->dir)
		fd = openat(e->dirfd, dir->name,
			    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	else {
		above = open_dir(e, dir->parent);
		if (above < 0)
			return above;
		fd = openat(above, dir->name,
			    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	return fd < 0 ? -errno : fd;
}

int emit_use_dir(struct emit *e, struct tree_node *dir)
{
	int fd;

	if (e->dirfd >= 0 && e->dir == dir)
		return e->dirfd;
	fd = open_dir(e, dir);
	if (fd < 0)
		return fd;
	if (e->dirfd >= 0)
		close(e->dirfd);
	e->dirfd = fd;
	e->dir = dir;
	return fd;
}

static int make_dir(struct emit *e, struct tree_node *parent, const char *name,
		    size_t len, struct tree_node **ret)
{
	int dirfd = emit_use_dir(e, parent);
	struct tree_node *n;
	int r;

	if (dirfd < 0)
		return dirfd;
	r = tree_add(e->tree, parent, name, len, S_IFDIR | 0755, &n);
	if (r)
		return r;
	n->layer = e->layer;
	if (mkdirat(dirfd, n->name, 0700)) {
		r = -errno;
		tree_remove(e->tree, n);
		return r;
	}
	*ret = n;
	return 0;
}

static int refuse_way(int r, const struct tree_node *step, const char *path)
{
	if (r != -ENOTDIR)
		return emit_failed(r, path);
	log_error(0, "%s: a step on its way, '%s', is %s in the same %s",
		  path, step->name,
		  S_ISLNK(step->inode->mode) ? "a symbolic link"
					     : "not a directory",
		  step->layer ? "layer" : "source");
	return r;
}

/* A layer that names what is in a directory names the directory too. */
static void touch(const struct emit *e, struct tree_node *dir)
{
	for (; dir && dir->layer != e->layer; dir = dir->parent)
		dir->layer = e->layer;
}

/* The directory for `path`, made with its parents where the source has not
 * named them (yet): mode 0755, owner 0, time 0. */
static int find_parent(struct emit *e, const char *path,
		       struct tree_node **ret, const char **ret_last)
{
	const char *last = strrchr(path, '/') + 1, *rest;
	_cleanup_resolved struct resolved to;
	int r = resolve_dir(e->tree, path, (size_t)(last - 1 - path),
			    strlen(last), e->layer, &to);

	if (r)
		return refuse_way(r, to.at, path);
	for (rest = to.missing; rest < to.missing + to.len;) {
		size_t len = strcspn(rest, "/");

		r = make_dir(e, to.at, rest, len, &to.at);
		if (r)
			return emit_failed(r, path);
		rest += len + 1;
	}
	touch(e, to.at);
	*ret = to.at;
	*ret_last = last;
	return 0;
}

int emit_remove(struct emit *e, struct tree_node *n, const char *path)
{
	bool is_dir = S_ISDIR(n->inode->mode);
	int dirfd = emit_use_dir(e, n->parent);

	if (dirfd < 0)
		return emit_failed(dirfd, path);
	if (unlinkat(dirfd, n->name, is_dir ? AT_REMOVEDIR : 0))
		return emit_failed(-errno, path);
	tree_remove(e->tree, n);
	return 0;
}

/* Something of this name came before: it makes room. */
static int replace(struct emit *e, struct tree_node *old, const char *path)
{
	int r;

	if (S_ISDIR(old->inode->mode) && old->inode->dir.children) {
		if (old->layer == e->layer) {
			log_error(0, "%s: is a directory with content earlier in the same source",
				  path);
			return -EISDIR;
		}
		r = emit_prune(e, old, path);
		if (r)
			return r;
	}
	return emit_remove(e, old, path);
}

static struct tree_node *find(const struct emit *e, const char *path)
{
	const char *last = strrchr(path, '/') + 1;
	_cleanup_resolved struct resolved to;
	int r = resolve_dir(e->tree, path, (size_t)(last - 1 - path),
			    strlen(last), e->layer, &to);

	if (r || to.len)
		return NULL;
	return tree_find(e->tree, to.at, last, strlen(last));
}

static int emit_hardlink(struct emit *e, struct tree_node *parent,
			 const char *name, const struct manifest_entry *entry)
{
	struct tree_node *target = find(e, entry->target), *n;
	_cleanup_fd int from = -1;
	int dirfd, r;

	if (!target || S_ISDIR(target->inode->mode)) {
		log_error(0, "%s: a hard link to %s, which is no file before it in the source",
			  entry->path, entry->target);
		return -ENOENT;
	}
	from = open_dir(e, target->parent);
	dirfd = emit_use_dir(e, parent);
	if (from < 0 || dirfd < 0)
		return emit_failed(from < 0 ? from : dirfd, entry->path);
	if (linkat(from, target->name, dirfd, name, 0))
		return emit_failed(-errno, entry->path);
	r = tree_link(e->tree, parent, name, strlen(name), target->inode, &n);
	if (r)
		return emit_failed(r, entry->path);
	n->layer = e->layer;
	return 0;
}

static int apply(int dirfd, const char *name, const struct tree_inode *inode,
		 const char *path)
{
	const char *what = NULL;
	int r = meta_apply(dirfd, name, inode, true, &what);

	if (r)
		log_error(r, what ? "%s: cannot set %s" : "%s", path, what);
	return r;
}

static int emit_file(struct emit *e, struct source *s, int dirfd,
		     struct tree_node *n, const char *path)
{
	_cleanup_fd int fd = openat(dirfd, n->name,
				    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
					    O_CLOEXEC,
				    meta_made_mode(n->inode) & 0777);
	struct tree_inode *inode = n->inode;
	bool logged = false;
	int r;

	if (fd < 0)
		return emit_failed(-errno, path);
	r = content_copy(s, fd, inode->size, e->progress, &inode->file.sha1,
			 &inode->file.verity, &logged);
	if (r)
		return logged ? r : emit_failed(r, path);
	progress_add(e->progress, 1, 0);
	return apply(fd, NULL, inode, path);
}

static int make_special(int dirfd, const struct tree_node *n)
{
	const struct tree_inode *inode = n->inode;
	dev_t dev = S_ISFIFO(inode->mode) ? 0 : inode->rdev;
	int r;

	if (S_ISLNK(inode->mode))
		r = symlinkat(inode->target, dirfd, n->name);
	else
		r = mknodat(dirfd, n->name, meta_made_mode(inode), dev);
	return r ? -errno : 0;
}

static int emit_new_inode(struct emit *e, struct source *s,
			  struct tree_node *parent, const char *name,
			  struct manifest_entry *entry)
{
	int dirfd = emit_use_dir(e, parent), r;
	struct tree_node *n;

	if (dirfd < 0)
		return emit_failed(dirfd, entry->path);
	r = tree_add(e->tree, parent, name, strlen(name), entry->mode, &n);
	if (r)
		return emit_failed(r, entry->path);
	n->layer = e->layer;
	tree_set(n->inode, entry);
	if (S_ISREG(entry->mode))
		return emit_file(e, s, dirfd, n, entry->path);
	r = make_special(dirfd, n);
	return r ? emit_failed(r, entry->path)
		 : apply(dirfd, n->name, n->inode, entry->path);
}

static int emit_directory(struct emit *e, struct tree_node *parent,
			  const char *name, struct tree_node *old,
			  struct manifest_entry *entry)
{
	int r = 0;

	if (!old)
		r = make_dir(e, parent, name, strlen(name), &old);
	if (r)
		return emit_failed(r, entry->path);
	old->layer = e->layer;
	tree_set(old->inode, entry);
	return 0;
}

static int emit_root(struct emit *e, struct manifest_entry *entry)
{
	if (entry->hardlink || !S_ISDIR(entry->mode)) {
		log_error(0, "the source's root is not a directory");
		return -ENOTDIR;
	}
	touch(e, tree_root(e->tree));
	tree_set(tree_root(e->tree)->inode, entry);
	return 0;
}

/* The name is one of its target already. */
static bool is_linked(const struct emit *e, const struct tree_node *old,
		      const struct manifest_entry *entry)
{
	const struct tree_node *target = find(e, entry->target);

	return target && old && target->inode == old->inode;
}

static int emit_entry(struct emit *e, struct source *s,
		      struct manifest_entry *entry)
{
	struct tree_node *parent, *old;
	const char *name;
	bool is_dir;
	int r;

	if (!strcmp(entry->path, "/"))
		return emit_root(e, entry);
	r = find_parent(e, entry->path, &parent, &name);
	if (r)
		return r;
	is_dir = !entry->hardlink && S_ISDIR(entry->mode);
	old = tree_find(e->tree, parent, name, strlen(name));
	if (entry->hardlink && is_linked(e, old, entry)) {
		old->layer = e->layer;
		return 0;
	}
	if (old && !(is_dir && S_ISDIR(old->inode->mode))) {
		r = replace(e, old, entry->path);
		if (r)
			return r;
		old = NULL;
	}
	if (entry->hardlink)
		return emit_hardlink(e, parent, name, entry);
	if (is_dir)
		return emit_directory(e, parent, name, old, entry);
	return emit_new_inode(e, s, parent, name, entry);
}

int emit_item(struct emit *e, struct source *s, struct source_item *item)
{
	e->layer = item->layer;
	switch (item->kind) {
	case SOURCE_ENTRY:
		return emit_entry(e, s, &item->entry);
	case SOURCE_WHITEOUT:
		return emit_whiteout(e, item->entry.path);
	case SOURCE_OPAQUE:
		return emit_opaque(e, item->entry.path);
	}
	return emit_failed(-EINVAL, item->entry.path);
}
