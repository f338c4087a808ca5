/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of fs/names.h that moves names.
 *
 * What moves is made private first (attributes only); a directory that merges
 * with layers, and a file whose data is below, get a redirect that says where
 * their lower part is.  Then one rename(2) in the private area does it, which
 * also leaves a whiteout where a layer would show the old name.
 */
#include "fs/names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "fs/dir.h"
#include "fs/fault.h"
#include "fs/index.h"
#include "fs/lookup.h"
#include "fs/marks.h"
#include "fs/reply.h"
#include "fs/stage.h"

#define KNOWN_FLAGS (RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT)

struct end {
	struct node *dir;
	const char *name;
	struct node *node; /* what is there, with a reference; or NULL */
	int fd;		   /* the private directory */
	struct fdref *ref;
	int below;	   /* a layer shows the name */
	bool below_dir;	   /* as a directory */
};

struct move {
	struct fs *fs;
	struct end from, to;
	unsigned flags;
	bool exchange;
	struct fdref *orphan; /* of what is replaced */
};

static int find_end(struct fs *fs, struct end *e)
{
	struct stat attr;
	int r = lookup_node(fs, e->dir, e->name, &e->node, &attr);

	if (r == -ENOENT)
		r = 0;
	if (!r)
		r = linkbreak_dirs(fs, e->dir);
	if (!r)
		r = e->fd = node_upper_dir(fs, e->dir, &e->ref);
	if (r < 0)
		return r;
	r = names_below(fs, e->dir, e->name, &e->below_dir);
	if (r < 0)
		return r;
	e->below = r;
	return 0;
}

static void put_end(struct fs *fs, struct end *e)
{
	if (e->node)
		node_put(fs, e->node, 1);
	cleanup_fdref(&e->ref);
}

static int check(const struct move *m)
{
	const struct node *s = m->from.node, *t = m->to.node;

	if (!s)
		return -ENOENT;
	if (strlen(m->to.name) > NAME_MAX)
		return -ENAMETOOLONG;
	if (t && (m->flags & RENAME_NOREPLACE))
		return -EEXIST;
	if (m->exchange)
		return t ? 0 : -ENOENT;
	if (t && node_is_dir(t) && !node_is_dir(s))
		return -EISDIR;
	if (t && !node_is_dir(t) && node_is_dir(s))
		return -ENOTDIR;
	return 0;
}

/* Makes what is at `e` fit to stand at `dest`. */
static int prepare_move(struct fs *fs, struct end *e, const struct end *dest)
{
	_cleanup_place struct place p = PLACE_INIT;
	struct node *n = e->node;
	int r = linkbreak_name(fs, n, e->dir, e->name);

	if (r)
		return r;
	if (!node_is_dir(n))
		return node_flags(n) & NODE_METACOPY ?
			       linkbreak_set_redirect(fs, n, dest->dir) : 0;
	if (n->dir->nlowers)
		return linkbreak_set_redirect(fs, n, dest->dir);
	if (!dest->below_dir)
		return 0;
	/* Without a lower part, it must not get that of its new name. */
	r = node_upper_place(fs, n, &p);
	return r ? r : FAULT_STEP("mark-opaque",
				  marks_set(fs, p.dirfd, p.name, LAYER_OPAQUE,
					    "y", 1));
}

/* The directory's times stay: the rename may still fail. */
static int remove_whiteout(struct node *n, int fd, const char *name)
{
	struct linkbreak_times t;
	int r = fault_step("clear"), r2;

	if (!r)
		r = linkbreak_times_begin(n, fd, &t);
	if (r)
		return r;
	r = unlinkat(fd, name, 0) ? -errno : 0;
	r2 = linkbreak_times_end(n, &t);
	return r ? r : r2;
}

static int remove_whiteouts(struct node *n, int fd)
{
	_cleanup_dir DIR *d = NULL;
	struct dirent *e;
	int r = fileio_opendir(fd, ".", &d);

	if (r)
		return r;
	pthread_rwlock_wrlock(&n->dir->names);
	while (!r && (errno = 0, e = readdir(d)))
		if (!fileio_is_dots(e->d_name))
			r = remove_whiteout(n, fd, e->d_name);
	r = r ? r : -errno;
	pthread_rwlock_unlock(&n->dir->names);
	return r;
}

/* An empty directory that is to be replaced may hold whiteouts.  It is made
 * opaque before they go, so that nothing reappears. */
static int clear_dir(struct fs *fs, struct node *n)
{
	_cleanup_fdref struct fdref *ref = NULL;
	int fd, r = dir_is_empty(fs, n);

	if (r <= 0)
		return r ? r : -ENOTEMPTY;
	if (!(node_flags(n) & NODE_UPPER))
		return 0;
	fd = node_upper_dir(fs, n, &ref);
	if (fd < 0)
		return fd;
	r = 0;
	if (n->dir->nlowers)
		r = FAULT_STEP("mark-opaque", marks_set(fs, fd, NULL,
							LAYER_OPAQUE, "y", 1));
	if (r)
		return r;
	/* If the rename fails, it is still the empty directory that it was. */
	atomic_store(&n->dir->nlowers, 0);
	return remove_whiteouts(n, fd);
}

static int prepare_target(struct move *m)
{
	struct node *t = m->to.node;
	int r = 0;

	if (!t)
		return 0;
	if (m->exchange)
		return prepare_move(m->fs, &m->to, &m->from);
	if (node_is_dir(t)) {
		r = clear_dir(m->fs, t);
	} else if (t->index_name) {
		r = linkbreak_name(m->fs, t, m->to.dir, m->to.name);
		if (!r && node_flags(t) & NODE_INDEXED)
			r = index_set_nlink(m->fs, t, INDEX_BY_UPPER);
	}
	return r ? r : names_orphan(m->fs, t, m->to.dir, m->to.name,
				    &m->orphan);
}

/* The old name needs a whiteout, and the file system cannot leave one: swap
 * with one that is put at the new name first, where it hides nothing. */
static int move_by_swap(struct move *m)
{
	int r = stage_whiteout(m->fs, m->to.fd, m->to.name);

	if (!r && renameat2(m->from.fd, m->from.name, m->to.fd, m->to.name,
			    RENAME_EXCHANGE))
		r = -errno;
	return r;
}

static int move_over(struct move *m)
{
	unsigned flags = m->from.below ? RENAME_WHITEOUT : 0;
	int r = fault_step("rename");

	if (r)
		return r;
	if (!renameat2(m->from.fd, m->from.name, m->to.fd, m->to.name, flags))
		return 0;
	r = -errno;
	if (r == -EINVAL && flags && !m->to.node)
		r = move_by_swap(m);
	return r;
}

/* rename(2) of a directory cannot replace a whiteout, but swap with it.  A
 * whiteout that hides nothing does no harm where it may not go. */
static int move_dir_over_whiteout(struct move *m)
{
	int r = FAULT_STEP("rename-swap",
			   renameat2(m->from.fd, m->from.name, m->to.fd,
				     m->to.name, RENAME_EXCHANGE) ? -errno : 0);

	if (!r && !m->from.below)
		(void)FAULT_STEP("rename-unlink",
				 unlinkat(m->from.fd, m->from.name, 0) ?
					 -errno : 0);
	return r;
}

static int move_upper(struct move *m)
{
	int r = names_mark_impure(m->fs, m->to.dir, m->to.fd, m->from.node);

	if (!r && m->exchange)
		r = names_mark_impure(m->fs, m->from.dir, m->from.fd,
				      m->to.node);
	if (r)
		return r;
	if (m->exchange)
		return FAULT_STEP("exchange",
				  renameat2(m->from.fd, m->from.name,
					    m->to.fd, m->to.name,
					    RENAME_EXCHANGE) ? -errno : 0);
	if (node_is_dir(m->from.node)) {
		r = stage_is_whiteout(m->fs, m->to.fd, m->to.name);
		if (r)
			return r < 0 ? r : move_dir_over_whiteout(m);
	}
	return move_over(m);
}

/* The nodes' names follow. */
static int move_aliases(struct move *m)
{
	struct fs *fs = m->fs;
	int r = node_add_alias(fs, m->from.node, m->to.dir, m->to.name);

	if (!r && m->exchange)
		r = node_add_alias(fs, m->to.node, m->from.dir, m->from.name);
	node_del_alias(fs, m->from.node, m->from.dir, m->from.name, NULL);
	if (m->to.node)
		node_del_alias(fs, m->to.node, m->to.dir, m->to.name,
			       m->orphan);
	return r;
}

/* Two locks of a kind, in the order of the nodes' addresses (an id may
 * change). */
static void lock_names(struct node *a, struct node *b)
{
	if (a > b) {
		struct node *t = a;

		a = b;
		b = t;
	}
	pthread_rwlock_wrlock(&a->dir->names);
	if (a != b)
		pthread_rwlock_wrlock(&b->dir->names);
}

static void unlock_names(struct node *a, struct node *b)
{
	pthread_rwlock_unlock(&a->dir->names);
	if (a != b)
		pthread_rwlock_unlock(&b->dir->names);
}

static int move_locked(struct move *m)
{
	struct node *t = m->to.node;
	int r = prepare_move(m->fs, &m->from, &m->to);

	if (!r)
		r = prepare_target(m);
	if (r)
		return r;
	lock_names(m->from.dir, m->to.dir);
	r = move_upper(m);
	if (!r) {
		r = move_aliases(m);
		dir_changed(m->from.dir);
		dir_changed(m->to.dir);
	}
	unlock_names(m->from.dir, m->to.dir);
	if (!r && t && !m->exchange && node_flags(t) & NODE_INDEXED)
		index_drop_unused(m->fs, t);
	return r;
}

static void lock_busy(struct node *a, struct node *b)
{
	if (!b) {
		pthread_mutex_lock(&a->busy);
		return;
	}
	pthread_mutex_lock(a < b ? &a->busy : &b->busy);
	pthread_mutex_lock(a < b ? &b->busy : &a->busy);
}

/*
 * The kernel keeps a moved directory's listing, with the number of the old
 * parent in it.  Sent from within the request: this notification drops pages
 * of a directory, which never wait for the daemon.  A failure leaves an old
 * number in "..".
 */
static void forget_listing(struct fs *fs, struct node *dir)
{
	if (node_is_dir(dir) && fs->se)
		(void)fuse_lowlevel_notify_inval_inode(fs->se, dir->id, 0, 0);
}

int names_rename(struct fs *fs, struct node *odir, const char *oname,
		 struct node *ndir, const char *nname, unsigned flags,
		 const struct names_make *whiteout)
{
	struct move m = { .fs = fs,
			  .from = { .dir = odir, .name = oname },
			  .to = { .dir = ndir, .name = nname },
			  .flags = flags,
			  .exchange = flags & RENAME_EXCHANGE };
	struct stat attr;
	struct node *n;
	int r;

	if (flags & ~KNOWN_FLAGS ||
	    (m.exchange && flags & (RENAME_NOREPLACE | RENAME_WHITEOUT)))
		return -EINVAL;
	if (fs->upper_fd < 0)
		return -EROFS;
	r = find_end(fs, &m.from);
	if (!r)
		r = find_end(fs, &m.to);
	if (!r)
		r = check(&m);
	/* Two names of one file: nothing to do, says POSIX. */
	if (!r && m.from.node != m.to.node) {
		lock_busy(m.from.node, m.to.node);
		r = move_locked(&m);
		pthread_mutex_unlock(&m.from.node->busy);
		if (m.to.node)
			pthread_mutex_unlock(&m.to.node->busy);
		if (!r && odir != ndir) {
			forget_listing(fs, m.from.node);
			if (m.exchange)
				forget_listing(fs, m.to.node);
		}
		if (!r && flags & RENAME_WHITEOUT) {
			r = names_make(whiteout, &n, &attr, NULL);
			if (!r)
				node_put(fs, n, 1);
		}
	}
	cleanup_fdref(&m.orphan);
	put_end(fs, &m.from);
	put_end(fs, &m.to);
	return r;
}

void names_rename_op(fuse_req_t req, fuse_ino_t parent, const char *name,
		     fuse_ino_t newparent, const char *newname,
		     unsigned int flags)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(req);
	struct fs *fs = reply_fs(req);
	struct node *odir = node_get(fs, parent);
	struct node *ndir = node_get(fs, newparent);
	/* The caller's whiteout is a device that it can see. */
	struct names_make whiteout = {
		.fs = fs,	 .dir = odir,	  .name = name,
		.mode = S_IFCHR, .uid = ctx->uid, .gid = ctx->gid,
	};
	int r = -ESTALE;

	if (odir && ndir && node_is_dir(odir) && node_is_dir(ndir))
		r = names_rename(fs, odir, name, ndir, newname, flags,
				 &whiteout);
	reply_status(req, r);
}
