/* SPDX-License-Identifier: Apache-2.0 */
/* The part of fs/names.h that removes names. */
#include "fs/names.h"

#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "fs/dir.h"
#include "fs/fault.h"
#include "fs/index.h"
#include "fs/lookup.h"
#include "fs/reply.h"
#include "fs/stage.h"

int names_orphan(struct fs *fs, struct node *n, struct node *dir,
		 const char *name, struct fdref **ret)
{
	int fd;

	*ret = NULL;
	if (!(node_flags(n) & NODE_UPPER) || !node_last_alias(n, dir, name))
		return 0;
	fd = node_open_upper(fs, n, O_PATH);
	if (fd < 0)
		return fd;
	*ret = fdref_new(fd);
	if (*ret)
		return 0;
	close(fd);
	return -ENOMEM;
}

/* A removal in progress: the node is busy, the directory is private. */
struct removal {
	struct fs *fs;
	struct node *dir, *node;
	const char *name;
	int dirfd;
	int below;  /* a layer shows the name: a whiteout must hide it */
	struct fdref *orphan; /* to serve those who still use the node */
};

static int prepare(struct removal *rm)
{
	bool unused;

	rm->below = names_below(rm->fs, rm->dir, rm->name, &unused);
	if (rm->below < 0)
		return rm->below;
	return names_orphan(rm->fs, rm->node, rm->dir, rm->name, &rm->orphan);
}

static int remove_file_name(struct removal *rm)
{
	int r;

	if (rm->below)
		return stage_whiteout(rm->fs, rm->dirfd, rm->name);
	r = fault_step("unlink");
	if (!r && unlinkat(rm->dirfd, rm->name, 0))
		r = -errno;
	return r;
}

static int remove_dir_name(struct removal *rm)
{
	if (node_flags(rm->node) & NODE_UPPER)
		return stage_remove_dir(rm->fs, rm->dirfd, rm->name,
					rm->below);
	return stage_whiteout(rm->fs, rm->dirfd, rm->name);
}

static int take_away(struct removal *rm)
{
	int r;

	pthread_rwlock_wrlock(&rm->dir->dir->names);
	r = node_is_dir(rm->node) ? remove_dir_name(rm) : remove_file_name(rm);
	if (!r) {
		dir_changed(rm->dir);
		node_del_alias(rm->fs, rm->node, rm->dir, rm->name,
			       rm->orphan);
	}
	pthread_rwlock_unlock(&rm->dir->dir->names);
	return r;
}

static int remove_locked(struct removal *rm)
{
	struct node *n = rm->node;
	bool counted;
	int r = 0;

	if (node_is_dir(n)) {
		r = dir_is_empty(rm->fs, n);
		if (r <= 0)
			return r ? r : -ENOTEMPTY;
		r = 0;
	} else if (n->index_name) {
		/* The file stays one file under its other names, and one of
		 * them goes. */
		r = linkbreak_name(rm->fs, n, rm->dir, rm->name);
	}
	counted = node_flags(n) & NODE_INDEXED;
	if (!r && counted)
		r = index_set_nlink(rm->fs, n, INDEX_BY_UPPER);
	if (!r)
		r = prepare(rm);
	if (!r)
		r = take_away(rm);
	if (!r && counted)
		index_drop_unused(rm->fs, n);
	cleanup_fdref(&rm->orphan);
	return r;
}

static int remove_name(struct fs *fs, struct node *dir, const char *name,
		       bool is_dir)
{
	_cleanup_fdref struct fdref *ref = NULL;
	struct removal rm = { .fs = fs,
			      .dir = dir,
			      .name = name };
	struct stat attr;
	int r;

	if (fs->upper_fd < 0)
		return -EROFS;
	r = lookup_node(fs, dir, name, &rm.node, &attr);
	if (r)
		return r;
	if (is_dir != node_is_dir(rm.node))
		r = is_dir ? -ENOTDIR : -EISDIR;
	if (!r)
		r = linkbreak_dirs(fs, dir);
	if (!r)
		r = rm.dirfd = node_upper_dir(fs, dir, &ref);
	if (r >= 0) {
		pthread_mutex_lock(&rm.node->busy);
		r = remove_locked(&rm);
		pthread_mutex_unlock(&rm.node->busy);
	}
	node_put(fs, rm.node, 1);
	return r;
}

static void remove_op(fuse_req_t req, fuse_ino_t parent, const char *name,
		      bool is_dir)
{
	struct fs *fs = reply_fs(req);
	struct node *dir = node_get(fs, parent);
	int r = -ESTALE;

	if (dir && node_is_dir(dir))
		r = remove_name(fs, dir, name, is_dir);
	reply_status(req, r);
}

void names_unlink_op(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	remove_op(req, parent, name, false);
}

void names_rmdir_op(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	remove_op(req, parent, name, true);
}
