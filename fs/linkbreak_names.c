/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Breaks for the sake of names: directories on the way to a private file, and
 * names that must be in the private area before they can move or go.
 */
#include "fs/linkbreak.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "fs/fault.h"
#include "fs/index.h"
#include "fs/marks.h"

/* Breaks one directory whose parent is private already, or says -EAGAIN if a
 * rename moved it elsewhere meanwhile. */
static int break_dir(struct fs *fs, struct node *dir)
{
	struct node *parent;
	char name[NAME_MAX + 1];
	int r;

	pthread_mutex_lock(&dir->busy);
	if (node_flags(dir) & NODE_UPPER) {
		r = 0;
		goto unlock;
	}
	r = node_alias(dir, &parent, name);
	if (r)
		goto unlock;
	if (node_flags(parent) & NODE_UPPER)
		r = linkbreak_locked(fs, dir, parent, name, BREAK_META,
				     BREAK_KEEP_ALL);
	else
		r = -EAGAIN;
	node_put(fs, parent, 1);
unlock:
	pthread_mutex_unlock(&dir->busy);
	return r;
}

/* The highest ancestor of `dir` (or itself) that has no private directory. */
static int highest_shared(struct fs *fs, struct node *dir, struct node **ret)
{
	struct node *cur = node_ref(dir), *parent;
	char name[NAME_MAX + 1];
	int r;

	for (;;) {
		r = node_alias(cur, &parent, name);
		if (r)
			break;
		if (node_flags(parent) & NODE_UPPER) {
			node_put(fs, parent, 1);
			*ret = cur;
			return 0;
		}
		node_put(fs, cur, 1);
		cur = parent;
	}
	node_put(fs, cur, 1);
	return r;
}

int linkbreak_dirs(struct fs *fs, struct node *dir)
{
	struct node *next;
	int r;

	if (fs->upper_fd < 0)
		return -EROFS;
	/* From the top down, a level at a time: no two busy locks at once. */
	while (!(node_flags(dir) & NODE_UPPER)) {
		r = highest_shared(fs, dir, &next);
		/* A directory without a name is removed: nothing can be made
		 * in it. */
		if (r)
			return r == -ESTALE ? -ENOENT : r;
		r = break_dir(fs, next);
		node_put(fs, next, 1);
		if (r && r != -EAGAIN)
			return r;
	}
	return 0;
}

/* One more name in the private area for a file broken by another name. */
static int link_up(struct fs *fs, struct node *n, struct node *parent,
		   const char *name)
{
	_cleanup_fdref struct fdref *ref = NULL;
	struct linkbreak_times t;
	int dirfd = node_upper_dir(fs, parent, &ref), r, r2;
	struct stat st;

	if (dirfd < 0)
		return dirfd;
	if (!fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	if (errno != ENOENT)
		return -errno;
	/* The private inode's count changes, the container's does not. */
	r = index_set_nlink(fs, n, INDEX_BY_LOWER);
	if (r)
		return r;
	pthread_rwlock_wrlock(&parent->dir->names);
	r = linkbreak_times_begin(parent, dirfd, &t);
	if (!r) {
		r = FAULT_STEP("link-up",
			       linkat(fs->index_fd, n->index_name, dirfd, name,
				      0) ? -errno : 0);
		r2 = linkbreak_times_end(parent, &t);
		r = r ? r : r2;
	}
	pthread_rwlock_unlock(&parent->dir->names);
	return r;
}

int linkbreak_name(struct fs *fs, struct node *n, struct node *parent,
		   const char *name)
{
	unsigned flags = node_flags(n);
	int r = 0;

	if (!(flags & NODE_UPPER))
		r = linkbreak_locked(fs, n, parent, name, BREAK_META,
				     BREAK_KEEP_ALL);
	else if (flags & NODE_INDEXED)
		r = link_up(fs, n, parent, name);
	return r;
}

/* Is what `l` names found below `dir` under the same name? */
static bool found_in(struct fs *fs, struct node *dir, const struct lower *l)
{
	struct merged m;
	bool same;

	if (merged_lookup(fs, dir->dir->lowers, dir->dir->nlowers, l->name, &m))
		return false;
	same = m.lowers[0]->layer == l->layer && m.lowers[0]->dev == l->dev &&
	       m.lowers[0]->ino == l->ino;
	merged_release(fs, &m);
	return same;
}

int linkbreak_set_redirect(struct fs *fs, struct node *n, struct node *dir)
{
	_cleanup_place struct place p = PLACE_INIT;
	_cleanup_marks struct marks m = { 0 };
	_cleanup_bytes struct bytes path = BYTES_INIT;
	struct lower *l = node_is_dir(n) ? n->dir->lowers[0] : n->lower;
	int r = node_upper_place(fs, n, &p);

	if (!r)
		r = marks_read(fs, p.dirfd, p.name, MARKS_PRIVATE, &m);
	if (r || (m.redirect && m.redirect[0] == '/'))
		return r;
	r = lower_path(l, &path);
	if (!r)
		r = FAULT_STEP("mark-redirect",
			       marks_set(fs, p.dirfd, p.name, LAYER_REDIRECT,
					 path.data, path.len));
	/* An attribute holds about 4,000 bytes on ext4. */
	if (r != -ENOSPC && r != -ERANGE && r != -E2BIG)
		return r;
	if (path.len < 1024)
		return r;
	/* A redirect without a slash is a name in the same directory. */
	if (!found_in(fs, dir, l))
		return -EXDEV;
	return marks_set(fs, p.dirfd, p.name, LAYER_REDIRECT, l->name,
			 strlen(l->name));
}
