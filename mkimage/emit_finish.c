// SPDX-License-Identifier: Apache-2.0
/*
 * What can be done only when the whole source is known: hard-link groups by
 * the set of their names, the pool in the order of digests (so that files with
 * the same content meet, and always in the order of their paths), directories'
 * metadata, and the manifest.
 */
#include "mkimage/emit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "base/log.h"
#include "base/manifest.h"
#include "mkimage/emit_types.h"
#include "mkimage/meta.h"
#include "mkimage/pool.h"
#include "mkimage/progress.h"
#include "mkimage/stop.h"

#define MANIFEST_CHUNK (1 << 20)

struct inodes {
	struct tree_inode **at;
	size_t n, size;
};

struct collect {
	struct emit *emit;
	uint32_t order;
	struct inodes files;  /* all regular files */
	struct inodes groups; /* inodes of any type with several names */
};

static int add(struct inodes *list, struct tree_inode *inode)
{
	if (list->n == list->size) {
		size_t size = list->size ? 2 * list->size : 1024;
		struct tree_inode **grown;

		grown = reallocarray(list->at, size, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		list->at = grown;
		list->size = size;
	}
	list->at[list->n++] = inode;
	return 0;
}

static int collect_inode(struct collect *c, struct tree_inode *inode)
{
	int r = 0;

	inode->order = ++c->order;
	if (S_ISREG(inode->mode)) {
		c->emit->totals.files++;
		c->emit->totals.bytes += inode->size;
		r = add(&c->files, inode);
	}
	if (!r && inode->nnames > 1) {
		inode->names = NULL;
		r = add(&c->groups, inode);
	}
	return r;
}

/* Lists the names of an inode anew, the last in order first. */
static int collect_node(struct tree_node *n, const char *path, void *arg)
{
	struct tree_inode *inode = n->inode;
	struct collect *c = arg;
	int r = 0;

	c->emit->totals.entries++;
	if (!inode->order)
		r = collect_inode(c, inode);
	if (!r && inode->nnames > 1) {
		n->other = inode->names;
		inode->names = n;
	}
	return r;
}

/* Turns the list round: names are in the order of their paths then. */
static void reverse_names(struct tree_inode *inode)
{
	struct tree_node *n = inode->names, *next;

	for (inode->names = NULL; n; n = next) {
		next = n->other;
		n->other = inode->names;
		inode->names = n;
	}
}

static int digest_names(const struct tree_inode *inode, struct sha256 *ret)
{
	_cleanup_bytes struct bytes all = BYTES_INIT;
	int r = 0;

	for (struct tree_node *n = inode->names; n && !r; n = n->other) {
		r = bytes_adds(&all, "/");
		if (!r)
			r = tree_path(n, &all);
		if (!r)
			r = bytes_add(&all, "", 1);
	}
	return r ? r : sha256_of(all.data, all.len, ret);
}

static int mark_group(struct emit *e, struct tree_inode *inode)
{
	_cleanup_bytes struct bytes path = BYTES_INIT;
	_cleanup_fd int fd = -1;
	struct sha256 names;
	int r;

	reverse_names(inode);
	if (!S_ISREG(inode->mode))
		return 0;
	r = digest_names(inode, &names);
	if (!r)
		r = tree_path(inode->names, &path);
	if (r)
		return emit_failed(r, inode->names->name);
	fd = openat(e->rootfd, path.data, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return emit_failed(-errno, path.data);
	r = meta_set_links(fd, inode->nnames, &names);
	return r ? emit_failed(r, path.data) : 0;
}

static int compare_files(const void *a, const void *b)
{
	const struct tree_inode *x = *(struct tree_inode *const *)a;
	const struct tree_inode *y = *(struct tree_inode *const *)b;
	int c = memcmp(&x->file.sha1, &y->file.sha1, sizeof(x->file.sha1));

	if (c)
		return c;
	return x->order < y->order ? -1 : 1;
}

/* The file was replaced under its first name: the others follow. */
static int relink_names(struct emit *e, struct pool *pool,
			const struct tree_inode *inode, const char *first)
{
	_cleanup_bytes struct bytes path = BYTES_INIT;
	struct tree_node *n;
	int r = 0;

	for (n = inode->names->other; n && !r; n = n->other) {
		path.len = 0;
		r = tree_path(n, &path);
		if (!r)
			r = pool_relink(pool, e->rootfd, first, path.data);
	}
	return r;
}

static int place_file(struct emit *e, struct pool *pool,
		      const struct tree_inode *inode)
{
	_cleanup_bytes struct bytes path = BYTES_INIT;
	int r = stop_requested();

	if (!r)
		r = tree_path(inode->names, &path);
	if (r)
		return emit_failed(r, inode->names->name);
	r = pool_place(pool, e->rootfd, path.data, &inode->file.sha1,
		       inode->nnames);
	if (r < 0)
		return emit_failed(r, path.data);
	if (r == POOL_SHARED)
		e->totals.shared++;
	if (r != POOL_NEW && inode->nnames > 1) {
		r = relink_names(e, pool, inode, path.data);
		if (r)
			return emit_failed(r, path.data);
	}
	return 0;
}

static int finish_dir(struct tree_node *n, const char *path, void *arg)
{
	_cleanup_fd int fd = -1;
	const char *what = NULL;
	struct emit *e = arg;
	int r;

	if (!S_ISDIR(n->inode->mode))
		return 0;
	fd = openat(e->rootfd, path[1] ? path + 1 : ".",
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return emit_failed(-errno, path);
	r = meta_apply(fd, NULL, n->inode, false, &what);
	if (r)
		log_error(r, what ? "%s: cannot set %s" : "%s", path, what);
	return r;
}

static int finish_files(struct emit *e, struct collect *c, struct pool *pool)
{
	int r = tree_walk(e->tree, collect_node, c);

	if (r)
		return emit_failed(r, "the list of files");
	for (size_t i = 0; i < c->groups.n && !r; i++)
		r = mark_group(e, c->groups.at[i]);
	if (c->files.n)
		qsort(c->files.at, c->files.n, sizeof(*c->files.at),
		      compare_files);
	for (size_t i = 0; i < c->files.n && !r; i++)
		r = place_file(e, pool, c->files.at[i]);
	return r;
}

int emit_finish(struct emit *e, struct pool *pool)
{
	struct collect c = { .emit = e };
	int r;

	progress_phase(e->progress, "placing them in the pool");
	r = finish_files(e, &c, pool);
	if (!r)
		r = tree_walk(e->tree, finish_dir, e);
	free(c.files.at);
	free(c.groups.at);
	return r;
}

struct writer {
	int fd;
	struct bytes chunk;
	struct bytes target; /* of the hard link in work */
	struct digest_ctx *digest;
};

static int flush(struct writer *w)
{
	int r = digest_update(w->digest, w->chunk.data, w->chunk.len);

	if (!r)
		r = fileio_write_all(w->fd, w->chunk.data, w->chunk.len);
	w->chunk.len = 0;
	return r;
}

/* The entry of a node; strings stay the tree's, the walk's and the writer's. */
static int fill_entry(struct writer *w, const struct tree_node *n,
		      const char *path, struct manifest_entry *ret)
{
	const struct tree_inode *inode = n->inode;
	int r = 0;

	*ret = (struct manifest_entry){
		.path = (char *)path,
		.mode = inode->mode,
		.size = inode->size,
		.nlink = inode->nnames,
		.uid = inode->uid,
		.gid = inode->gid,
		.mtime_sec = inode->mtime_sec,
		.mtime_nsec = inode->mtime_nsec,
		.xattrs = inode->xattrs,
		.nxattrs = inode->nxattrs,
		.hardlink = n != inode->names,
	};
	if (S_ISREG(inode->mode)) {
		ret->sha1 = inode->file.sha1;
		ret->verity = inode->file.verity;
		ret->has_digest = true;
	} else if (S_ISDIR(inode->mode)) {
		ret->nlink = 2 + inode->dir.nsubdirs;
	} else if (S_ISLNK(inode->mode)) {
		ret->target = inode->target;
	} else if (!S_ISFIFO(inode->mode)) {
		ret->rdev = inode->rdev;
	}
	if (ret->hardlink) {
		w->target.len = 0;
		r = bytes_adds(&w->target, "/");
		if (!r)
			r = tree_path(inode->names, &w->target);
		ret->target = w->target.data;
	}
	return r;
}

static int write_entry(struct tree_node *n, const char *path, void *arg)
{
	struct manifest_entry entry;
	struct writer *w = arg;
	int r = fill_entry(w, n, path, &entry);

	if (!r)
		r = manifest_format(&entry, &w->chunk);
	if (r)
		return emit_failed(r, path);
	if (w->chunk.len < MANIFEST_CHUNK)
		return 0;
	r = flush(w);
	return r ? emit_failed(r, "the manifest") : 0;
}

int emit_manifest(struct emit *e, int fd, struct sha256 *ret_version)
{
	struct writer w = { fd, BYTES_INIT, BYTES_INIT, NULL };
	int r = digest_new(&w.digest, DIGEST_SHA256);

	if (r)
		return emit_failed(r, "the manifest");
	r = tree_walk(e->tree, write_entry, &w);
	if (!r) {
		r = flush(&w);
		if (!r)
			r = digest_final(w.digest, ret_version->bytes);
		if (r)
			emit_failed(r, "the manifest");
	}
	digest_free(w.digest);
	bytes_release(&w.chunk);
	bytes_release(&w.target);
	return r;
}
