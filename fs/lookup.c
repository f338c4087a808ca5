/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "fs/attr.h"
#include "fs/index.h"
#include "fs/io.h"
#include "fs/marks.h"
#include "fs/reply.h"

#define STAT_TRIES 100

/* The layers' part of a private directory: by its redirect, else its name. */
static int resolve_lowers(struct fs *fs, struct node *parent, const char *name,
			  const struct marks *m, struct merged *ret)
{
	if (m->redirect)
		return merged_redirect(fs, parent->dir->lowers,
				       parent->dir->nlowers, 0, m->redirect,
				       ret);
	return merged_lookup(fs, parent->dir->lowers, parent->dir->nlowers,
			     name, ret);
}

static int resolve_upper_dir(struct fs *fs, struct node *parent,
			     const char *name, const struct marks *m,
			     struct found *f)
{
	struct merged below;
	int r;

	f->impure = m->impure;
	if (m->opaque)
		return 0;
	r = resolve_lowers(fs, parent, name, m, &below);
	if (r)
		return r == -ENOENT ? 0 : r;
	if (S_ISDIR(below.st.st_mode)) {
		f->lowers = take_ptr(below.lowers);
		f->nlowers = below.n;
		below.n = 0;
	}
	merged_release(fs, &below);
	return 0;
}

static int resolve_upper_file(struct fs *fs, struct node *parent,
			      const char *name, const struct marks *m,
			      struct found *f)
{
	struct merged below;
	struct stat indexed;
	int r;

	f->rdev00 = m->rdev00;
	f->has_nlink = m->has_nlink;
	f->nlink_lower = m->nlink_lower;
	f->nlink = m->nlink;
	if (m->rdev00) {
		f->st.st_mode = S_IFCHR | (f->st.st_mode & ~(mode_t)S_IFMT);
		f->st.st_rdev = makedev(0, 0);
	}
	if (m->metacopy) {
		r = resolve_lowers(fs, parent, name, m, &below);
		if (!r && !S_ISREG(below.st.st_mode))
			r = -EIO;
		if (r)
			return r == -ENOENT ? -EIO : r;
		f->metacopy = true;
		f->data = take_ptr(below.data);
		f->lowers = take_ptr(below.lowers);
		f->nlowers = below.n;
		f->st.st_blocks = below.st.st_blocks;
	}
	if (!m->has_nlink || !m->origin_len)
		return 0;
	f->index_name = index_name_of_handle(m->origin, m->origin_len);
	if (!f->index_name)
		return -ENOMEM;
	r = index_stat(fs, f->index_name, &indexed);
	f->indexed = !r && indexed.st_ino == f->st.st_ino;
	return r == -ENOENT ? 0 : r;
}

/* st_ino, and the template's count of names, of a private inode. */
static int resolve_identity(struct fs *fs, const struct marks *m,
			    struct found *f)
{
	struct layer *layer;
	struct stat st;

	if (m->has_ino)
		f->ino = m->ino;
	else if (f->nlowers)
		f->ino = lower_ino(f->lowers[0]);
	else
		f->ino = f->st.st_ino + fs->upper_base;
	/* Needed for a number that only overlayfs's origin says, and for the
	 * template's count of names, which nlink may be relative to. */
	if (!m->origin_len || (m->has_ino && !m->has_nlink))
		return 0;
	if (index_origin(fs, m, &st, &layer))
		return 0;
	f->links = (uint32_t)st.st_nlink;
	if (!m->has_ino && !f->nlowers)
		f->ino = st.st_ino + layer->ino_base;
	return 0;
}

static int resolve_upper(struct fs *fs, struct node *parent, const char *name,
			 struct found *f)
{
	_cleanup_fdref struct fdref *ref = NULL;
	_cleanup_marks struct marks m = { 0 };
	int fd = node_upper_dir(fs, parent, &ref), r;

	if (fd < 0)
		return fd;
	/* Without a name left: one that a whole new inode replaced between the
	 * kernel's look-up and its stat. */
	for (int i = 0; i < STAT_TRIES && !f->st.st_nlink; i++)
		if (fstatat(fd, name, &f->st, AT_SYMLINK_NOFOLLOW))
			return -errno;
	f->upper = true;
	if (S_ISCHR(f->st.st_mode) && f->st.st_rdev == makedev(0, 0))
		return -ENODATA;
	r = marks_read(fs, fd, name, MARKS_PRIVATE, &m);
	if (r)
		return r;
	if (S_ISDIR(f->st.st_mode))
		r = resolve_upper_dir(fs, parent, name, &m, f);
	else
		r = resolve_upper_file(fs, parent, name, &m, f);
	return r ? r : resolve_identity(fs, &m, f);
}

/* A template's file with several names may be broken by another name. */
static int resolve_indexed(struct fs *fs, struct found *f)
{
	_cleanup_marks struct marks m = { 0 };
	uint64_t ino = f->ino;
	blkcnt_t blocks = f->st.st_blocks;
	struct stat st;
	int r;

	if (fs->index_fd < 0)
		return 0;
	r = index_name(fs, f->lowers[0], &f->index_name);
	if (r)
		return r;
	r = index_stat(fs, f->index_name, &st);
	if (r)
		return r == -ENOENT ? 0 : r;
	r = marks_read(fs, fs->index_fd, f->index_name, MARKS_PRIVATE, &m);
	if (r)
		return r;
	f->st = st;
	f->upper = f->indexed = true;
	f->metacopy = m.metacopy;
	if (m.metacopy)
		f->st.st_blocks = blocks;
	f->has_nlink = m.has_nlink;
	f->nlink_lower = m.nlink_lower;
	f->nlink = m.nlink;
	f->ino = m.has_ino ? m.ino : ino;
	return 0;
}

/* The names that a template's file has in the template. */
static int resolve_links(struct fs *fs, struct found *f)
{
	_cleanup_place struct place p = PLACE_INIT;
	_cleanup_marks struct marks m = { 0 };
	int r;

	f->links = 1;
	/* The index lives by marks, which need privilege on special files. */
	if (f->st.st_nlink < 2 || (fs->userxattr && !S_ISREG(f->st.st_mode)))
		return 0;
	/* An index counts the template's own names. */
	if (f->lowers[0]->layer->foreign || f->lowers[0]->entry) {
		f->links = (uint32_t)f->st.st_nlink;
		return 0;
	}
	/* The pool and other templates have names of it too: the count in
	 * this template stands in an attribute. */
	if (!S_ISREG(f->st.st_mode)) {
		f->links = (uint32_t)f->st.st_nlink;
		return 0;
	}
	r = lower_place(fs, f->lowers[0], &p);
	if (!r)
		r = marks_read(fs, p.dirfd, p.name, MARKS_TEMPLATE, &m);
	if (!r && m.links)
		f->links = m.links;
	return r;
}

static int resolve_lower(struct fs *fs, struct node *parent, const char *name,
			 struct found *f)
{
	struct merged m;
	int r;

	if (!parent->dir->nlowers)
		return -ENOENT;
	r = merged_lookup(fs, parent->dir->lowers, parent->dir->nlowers, name,
			  &m);
	if (r)
		return r;
	f->st = m.st;
	f->lowers = m.lowers;
	f->nlowers = m.n;
	f->data = m.data;
	f->ino = lower_ino(m.lowers[0]);
	if (S_ISDIR(m.st.st_mode))
		return 0;
	r = resolve_links(fs, f);
	if (!r && f->links > 1)
		r = resolve_indexed(fs, f);
	return r;
}

int lookup_resolve(struct fs *fs, struct node *parent, const char *name,
		   struct found *ret)
{
	struct found f = { 0 };
	int r = -ENOENT;

	if (strlen(name) > NAME_MAX)
		return -ENAMETOOLONG;
	if (node_flags(parent) & NODE_UPPER)
		r = resolve_upper(fs, parent, name, &f);
	if (r == -ENOENT && !f.upper)
		r = resolve_lower(fs, parent, name, &f);
	/* A whiteout. */
	if (r == -ENODATA)
		r = -ENOENT;
	if (r) {
		found_release(fs, &f);
		return r;
	}
	*ret = f;
	return 0;
}

void lookup_attr(const struct found *f, struct stat *ret)
{
	*ret = f->st;
	ret->st_ino = f->ino;
	if (S_ISDIR(f->st.st_mode)) {
		if (f->nlowers)
			ret->st_nlink = 1;
	} else if (!f->upper) {
		ret->st_nlink = f->links;
	} else if (f->indexed && f->has_nlink) {
		ret->st_nlink = (f->nlink_lower ? f->links : f->st.st_nlink) +
				f->nlink;
	}
}

/* Does the node say the same as what was found?  If not, a break came in
 * between (only possible by another name of the file). */
static bool agrees(struct node *n, const struct found *f)
{
	return f->upper == !!(node_flags(n) & NODE_UPPER);
}

int lookup_locked(struct fs *fs, struct node *parent, const char *name,
		  struct node **ret, struct stat *ret_attr)
{
	struct found f;
	struct stat attr, indexed;
	struct node *n = NULL;
	bool retry;
	int r;

	do {
		retry = false;
		r = lookup_resolve(fs, parent, name, &f);
		if (r)
			return r;
		lookup_attr(&f, &attr);
		r = node_find_or_add(fs, parent, name, &f, NULL, &n);
		if (!r && !agrees(n, &f)) {
			r = attr_get(fs, n, &attr);
		} else if (!r && !f.upper && n->links > 1 && n->index_name &&
			   !index_stat(fs, n->index_name, &indexed)) {
			/* Broken and forgotten since we looked. */
			retry = !(node_flags(n) & NODE_UPPER);
		}
		if (n && (r || retry))
			node_put(fs, n, 1);
		n = r || retry ? NULL : n;
		found_release(fs, &f);
	} while (!r && retry);
	if (r)
		return r;
	*ret = n;
	*ret_attr = attr;
	return 0;
}

int lookup_node(struct fs *fs, struct node *parent, const char *name,
		struct node **ret, struct stat *ret_attr)
{
	int r;

	pthread_rwlock_rdlock(&parent->dir->names);
	r = lookup_locked(fs, parent, name, ret, ret_attr);
	pthread_rwlock_unlock(&parent->dir->names);
	return r;
}

void lookup_entry(struct fs *fs, struct node *n, const struct stat *attr,
		  struct fuse_entry_param *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->ino = n->id;
	ret->generation = fs->generation;
	ret->attr = *attr;
	ret->attr_timeout = io_attr_timeout(n);
	ret->entry_timeout = LOOKUP_TIMEOUT;
}

/* "." and "..": of a directory or file named by a handle (NFS,
 * open_by_handle_at(2)), which the kernel may not know any more. */
static int lookup_handle(struct fs *fs, uint64_t id, bool up,
			 struct node **ret, struct stat *ret_attr)
{
	struct node *n = node_get_unheld(fs, id), *parent;
	char name[NAME_MAX + 1];
	int r = n ? 0 : -ESTALE;

	if (!r && up) {
		r = node_alias(n, &parent, name);
		node_put(fs, n, 1);
		n = r ? NULL : parent;
	}
	if (!r)
		r = attr_get(fs, n, ret_attr);
	/* It asks for what it has no inode of, so nobody has it open: without a
	 * name it has ended, though the FORGET may not have come yet. */
	if (!r && !ret_attr->st_nlink)
		r = -ESTALE;
	if (!r)
		*ret = n;
	else if (n)
		node_put(fs, n, 1);
	return r;
}

static int lookup_any(struct fs *fs, uint64_t parent, const char *name,
		      struct node **ret, struct stat *ret_attr)
{
	struct node *dir;

	if (fileio_is_dots(name))
		return lookup_handle(fs, parent, name[1], ret, ret_attr);
	dir = node_get(fs, parent);
	if (!dir || !node_is_dir(dir))
		return -ESTALE;
	return lookup_node(fs, dir, name, ret, ret_attr);
}

void lookup_reply(fuse_req_t req, struct node *n, const struct stat *attr)
{
	struct fs *fs = reply_fs(req);
	struct fuse_entry_param e;

	lookup_entry(fs, n, attr, &e);
	/* An interrupted caller takes no reference. */
	if (fuse_reply_entry(req, &e) == -ENOENT)
		node_put(fs, n, 1);
}

void lookup_op(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fs *fs = reply_fs(req);
	struct fuse_entry_param absent = { .entry_timeout = LOOKUP_TIMEOUT };
	struct stat attr;
	struct node *n;
	int r;

	r = lookup_any(fs, parent, name, &n, &attr);
	if (r == -ENOENT) {
		/* Node id 0: the kernel remembers that there is none. */
		fuse_reply_entry(req, &absent);
		return;
	}
	if (r) {
		reply_status(req, r);
		return;
	}
	lookup_reply(req, n, &attr);
}

static void forget(struct fs *fs, uint64_t id, uint64_t count)
{
	struct node *n = node_get(fs, id);

	if (n && n != fs->root)
		node_put(fs, n, count);
}

void lookup_forget_op(fuse_req_t req, fuse_ino_t ino, uint64_t count)
{
	forget(reply_fs(req), ino, count);
	fuse_reply_none(req);
}

void lookup_forget_multi_op(fuse_req_t req, size_t count,
			    struct fuse_forget_data *forgets)
{
	for (size_t i = 0; i < count; i++)
		forget(reply_fs(req), forgets[i].ino, forgets[i].nlookup);
	fuse_reply_none(req);
}
