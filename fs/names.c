/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "fs/acl.h"
#include "fs/attr.h"
#include "fs/dir.h"
#include "fs/fault.h"
#include "fs/index.h"
#include "fs/io.h"
#include "fs/lookup.h"
#include "fs/marks.h"
#include "fs/reply.h"
#include "fs/stage.h"

/* A container's own device 0/0 is kept as a marked file: as a device it would
 * be a whiteout. */
static bool is_rdev00(const struct names_make *m)
{
	return S_ISCHR(m->mode) && m->rdev == makedev(0, 0);
}

/* XATTR_SIZE_MAX of the kernel. */
#define ACL_MAX 65536

/* Owner, mode and ACLs, as a file system would give them in that directory. */
static int dress(const struct names_make *m, int dirfd, struct staged *s)
{
	_cleanup_bytes struct bytes access = BYTES_INIT;
	_cleanup_free char *dflt = malloc(ACL_MAX);
	mode_t mode = m->mode & 07777;
	gid_t gid = m->gid;
	struct stat st;
	ssize_t len;
	int r;

	if (!dflt)
		return -ENOMEM;
	if (fstat(dirfd, &st))
		return -errno;
	if (st.st_mode & S_ISGID) {
		gid = st.st_gid;
		if (S_ISDIR(m->mode))
			mode |= S_ISGID;
	}
	len = S_ISLNK(m->mode) ? -ENODATA :
				 fileio_getxattr(dirfd, NULL, ACL_DEFAULT,
						 dflt, ACL_MAX);
	if (len == -ENODATA || len == -EOPNOTSUPP)
		mode &= ~(m->umask & 0777);
	else if (len < 0)
		return (int)len;
	else if ((r = acl_inherit(dflt, (size_t)len, &mode, &access)))
		return r;
	r = FAULT_STEP("attr", stage_set_attr(s, m->uid, gid,
					      (m->mode & S_IFMT) | mode));
	if (!r && access.len)
		r = fileio_setxattr(s->fd, NULL, ACL_ACCESS, access.data,
				    access.len, 0);
	if (!r && len > 0 && S_ISDIR(m->mode))
		r = fileio_setxattr(s->fd, NULL, ACL_DEFAULT, dflt,
				    (size_t)len, 0);
	if (!r && is_rdev00(m))
		r = marks_set_rdev00(m->fs, s->fd, NULL);
	return r;
}

/* The node of what was just made. */
static int make_node(const struct names_make *m, struct staged *s,
		     struct node **ret, struct stat *ret_attr)
{
	struct found f = { .upper = true, .links = 1 };
	_cleanup_fdref struct fdref *orphan = NULL;
	int r = 0, fd;

	if (fstatat(s->fd, "", &f.st, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (is_rdev00(m)) {
		f.rdev00 = true;
		f.st.st_mode = S_IFCHR | (f.st.st_mode & ~(mode_t)S_IFMT);
		f.st.st_rdev = 0;
	}
	f.ino = f.st.st_ino + m->fs->upper_base;
	lookup_attr(&f, ret_attr);
	if (!m->name) {
		fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);
		r = fd < 0 ? -errno : 0;
		if (!r && !(orphan = fdref_new(fd))) {
			close(fd);
			r = -ENOMEM;
		}
	}
	if (!r)
		r = node_find_or_add(m->fs, m->name ? m->dir : NULL, m->name,
				     &f, orphan, ret);
	found_release(m->fs, &f);
	return r;
}

/* Shows it in the directory, whose names lock is held for writing. */
static int show(const struct names_make *m, int dirfd, struct staged *s)
{
	int r = 0;

	/* What a whiteout hid must stay hidden in the new directory. */
	if (S_ISDIR(m->mode)) {
		r = stage_is_whiteout(m->fs, dirfd, m->name);
		if (r > 0)
			r = FAULT_STEP("mark-opaque",
				       marks_set(m->fs, s->fd, NULL,
						 LAYER_OPAQUE, "y", 1));
	}
	if (!r)
		r = stage_install(s, dirfd, m->name);
	if (!r)
		dir_changed(m->dir);
	return r;
}

int names_make(const struct names_make *m, struct node **ret,
	       struct stat *ret_attr, int *ret_fd)
{
	_cleanup_fdref struct fdref *ref = NULL;
	_cleanup_staged struct staged s = STAGED_INIT;
	mode_t type = is_rdev00(m) ? S_IFREG : m->mode & S_IFMT;
	int r = linkbreak_dirs(m->fs, m->dir), dirfd;

	if (r)
		return r;
	if (m->name && strlen(m->name) > NAME_MAX)
		return -ENAMETOOLONG;
	dirfd = node_upper_dir(m->fs, m->dir, &ref);
	if (dirfd < 0)
		return dirfd;
	r = stage_make(m->fs, type, m->rdev, m->target, &s);
	if (!r)
		r = dress(m, dirfd, &s);
	if (r)
		return r;
	pthread_rwlock_wrlock(&m->dir->dir->names);
	if (m->name)
		r = show(m, dirfd, &s);
	if (!r)
		r = make_node(m, &s, ret, ret_attr);
	pthread_rwlock_unlock(&m->dir->dir->names);
	if (!r && ret_fd)
		*ret_fd = take_fd(&s.fd);
	return r;
}

int names_below(struct fs *fs, struct node *dir, const char *name,
		bool *ret_is_dir)
{
	struct merged m;
	int r;

	if (!dir->dir->nlowers)
		return 0;
	r = merged_lookup(fs, dir->dir->lowers, dir->dir->nlowers, name, &m);
	if (r)
		return r == -ENOENT ? 0 : r;
	if (ret_is_dir)
		*ret_is_dir = S_ISDIR(m.st.st_mode);
	merged_release(fs, &m);
	return 1;
}

int names_mark_impure(struct fs *fs, struct node *dir, int dirfd,
		      struct node *n)
{
	if (n->ino == n->upper_ino + fs->upper_base)
		return 0;
	return linkbreak_mark_impure(fs, dir, dirfd);
}

static void make_op(fuse_req_t req, fuse_ino_t parent, const char *name,
		    mode_t mode, dev_t rdev, const char *target)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(req);
	struct fs *fs = reply_fs(req);
	struct names_make m = {
		.fs = fs,	 .dir = node_get(fs, parent), .name = name,
		.mode = mode,	 .rdev = rdev,		      .target = target,
		.uid = ctx->uid, .gid = ctx->gid,	      .umask = ctx->umask,
	};
	struct stat attr;
	struct node *n;
	int r = -ESTALE;

	if (m.dir && node_is_dir(m.dir))
		r = names_make(&m, &n, &attr, NULL);
	if (r) {
		reply_status(req, r);
		return;
	}
	lookup_reply(req, n, &attr);
}

void names_mknod_op(fuse_req_t req, fuse_ino_t parent, const char *name,
		    mode_t mode, dev_t rdev)
{
	if (!(mode & S_IFMT))
		mode |= S_IFREG;
	make_op(req, parent, name, mode, rdev, NULL);
}

void names_mkdir_op(fuse_req_t req, fuse_ino_t parent, const char *name,
		    mode_t mode)
{
	make_op(req, parent, name, S_IFDIR | (mode & 07777), 0, NULL);
}

void names_symlink_op(fuse_req_t req, const char *target, fuse_ino_t parent,
		      const char *name)
{
	make_op(req, parent, name, S_IFLNK | 0777, 0, target);
}

/* link(2) to the private inode at `p`. */
static int link_place(const struct place *p, int dirfd, const char *name)
{
	if (!p->name)
		return stage_link_fd(p->dirfd, dirfd, name);
	return linkat(p->dirfd, p->name, dirfd, name, 0) ? -errno : 0;
}

/* The same in place of a whiteout. */
static int link_over(struct fs *fs, const struct place *p, int dirfd,
		     const char *name)
{
	char tmp[STAGE_NAME_MAX];
	int r = stage_is_whiteout(fs, dirfd, name);

	if (r <= 0)
		return r ? r : -EEXIST;
	stage_name(fs, tmp);
	r = link_place(p, fs->work_fd, tmp);
	if (!r)
		r = FAULT_STEP("link-rename",
			       renameat(fs->work_fd, tmp, dirfd, name) ?
				       -errno : 0);
	if (r)
		(void)unlinkat(fs->work_fd, tmp, 0);
	return r;
}

static int link_locked(struct fs *fs, struct node *n, struct node *dir,
		       int dirfd, const char *name)
{
	_cleanup_place struct place p = PLACE_INIT;
	int r = node_upper_place(fs, n, &p);

	if (!r && node_flags(n) & NODE_INDEXED)
		r = index_set_nlink(fs, n, INDEX_BY_UPPER);
	if (r)
		return r;
	pthread_rwlock_wrlock(&dir->dir->names);
	r = names_mark_impure(fs, dir, dirfd, n);
	if (!r)
		r = FAULT_STEP("link", link_place(&p, dirfd, name));
	if (r == -EEXIST)
		r = link_over(fs, &p, dirfd, name);
	if (!r)
		r = node_add_alias(fs, n, dir, name);
	dir_changed(dir);
	pthread_rwlock_unlock(&dir->dir->names);
	return r;
}

static int link_node(struct fs *fs, struct node *n, struct node *dir,
		     const char *name)
{
	_cleanup_fdref struct fdref *ref = NULL;
	int r, dirfd;

	if (strlen(name) > NAME_MAX)
		return -ENAMETOOLONG;
	r = linkbreak_dirs(fs, dir);
	if (r)
		return r;
	dirfd = node_upper_dir(fs, dir, &ref);
	if (dirfd < 0)
		return dirfd;
	r = linkbreak_begin(fs, n);
	if (r)
		return r;
	io_bar(n);
	r = linkbreak_locked(fs, n, NULL, NULL, BREAK_META, BREAK_KEEP_ALL);
	if (!r)
		r = io_part(fs, n);
	if (r > 0)
		r = -ESTALE;
	if (!r && node_flags(n) & NODE_METACOPY)
		r = linkbreak_set_redirect(fs, n, dir);
	if (!r)
		r = link_locked(fs, n, dir, dirfd, name);
	linkbreak_end(n);
	return r;
}

void names_link_op(fuse_req_t req, fuse_ino_t ino, fuse_ino_t newparent,
		   const char *newname)
{
	struct fs *fs = reply_fs(req);
	struct node *n = node_get(fs, ino), *dir = node_get(fs, newparent);
	struct stat attr;
	int r = -ESTALE;

	if (n && !io_is_old(n, ino) && dir && node_is_dir(dir))
		r = node_is_dir(n) ? -EPERM : link_node(fs, n, dir, newname);
	if (!r)
		r = attr_get(fs, n, &attr);
	if (r) {
		reply_status(req, r);
		return;
	}
	lookup_reply(req, node_ref(n), &attr);
}
