/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/attr.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "fs/caller.h"
#include "fs/index.h"
#include "fs/io.h"
#include "fs/kernel.h"
#include "fs/linkbreak.h"
#include "fs/lookup.h"
#include "fs/reply.h"

/* What has to be waited for is a few system calls of another thread, which on
 * a busy disk can be slow: first politely, then by the millisecond. */
#define YIELDS 100
#define RETRIES 10000

static int stat_lower(struct fs *fs, struct node *n, unsigned before,
		      struct stat *ret)
{
	int r = lower_stat(fs, node_is_dir(n) ? n->dir->lowers[0] : n->lower,
			   ret);

	if (!r && node_is_dir(n) && atomic_load(&n->epoch) != before)
		return -EAGAIN;
	return r;
}

static bool nameless(struct node *n)
{
	bool yes;

	pthread_mutex_lock(&n->lock);
	yes = !n->aliases;
	pthread_mutex_unlock(&n->lock);
	return yes;
}

/* stat(2) of the inode that has the attributes; -EAGAIN if it was not what
 * the node stands for (a rename in between). */
static int stat_once(struct fs *fs, struct node *n, struct stat *ret,
		     bool *ret_upper)
{
	_cleanup_place struct place p = PLACE_INIT;
	unsigned before = atomic_load(&n->epoch);
	uint64_t ino;
	int r;

	/* Odd: a break below is putting the directory's times back. */
	if (node_is_dir(n) && (before & 1))
		return -EAGAIN;
	*ret_upper = node_flags(n) & NODE_UPPER;
	if (!*ret_upper)
		return stat_lower(fs, n, before, ret);
	r = node_upper_place(fs, n, &p);
	if (!r)
		r = place_stat(&p, ret);
	if (r == -ENOENT)
		return -EAGAIN;
	if (r)
		return r;
	if (node_is_dir(n) && atomic_load(&n->epoch) != before)
		return -EAGAIN;
	/* Found by its name just when a whole new inode took that. */
	if (!ret->st_nlink && !nameless(n))
		return -EAGAIN;
	pthread_mutex_lock(&n->lock);
	ino = n->upper_ino;
	pthread_mutex_unlock(&n->lock);
	return ret->st_ino == ino ? 0 : -EAGAIN;
}

static int data_blocks(struct fs *fs, struct node *n, blkcnt_t *ret)
{
	struct stat st;
	int r = lower_stat(fs, n->data, &st);

	if (!r)
		*ret = st.st_blocks;
	return r;
}

/* The names that the container has of the node. */
static int fix_nlink(struct fs *fs, struct node *n, unsigned flags,
		     struct stat *st)
{
	uint32_t count;
	int r;

	if (node_is_dir(n)) {
		/* Subdirectories of all layers are not counted: 1 says so.
		 * Before a break too, for the kernel keeps what it was told. */
		if (n->dir->nlowers)
			st->st_nlink = 1;
		if (n != fs->root && nameless(n))
			st->st_nlink = 0;
		return 0;
	}
	if (!(flags & NODE_UPPER)) {
		st->st_nlink = nameless(n) ? 0 : n->links;
		return 0;
	}
	if (!(flags & NODE_INDEXED))
		return 0;
	r = index_nlink(fs, n, st, &count);
	if (!r)
		st->st_nlink = count;
	/* Its last name went meanwhile, and the index entry with it. */
	if (r == -ENOENT)
		st->st_nlink = 0;
	return r == -ENOENT ? 0 : r;
}

int attr_get(struct fs *fs, struct node *n, struct stat *ret)
{
	struct stat st;
	unsigned flags;
	bool upper;
	int r = -EAGAIN;

	for (int i = 0; r == -EAGAIN && i < RETRIES; i++) {
		if (i >= YIELDS)
			usleep(1000);
		else if (i)
			sched_yield();
		r = stat_once(fs, n, &st, &upper);
	}
	if (r)
		return r == -EAGAIN ? -ESTALE : r;
	flags = node_flags(n);
	st.st_ino = n->ino;
	if (flags & NODE_RDEV00) {
		st.st_mode = S_IFCHR | (st.st_mode & ~(mode_t)S_IFMT);
		st.st_rdev = makedev(0, 0);
	}
	if (upper && (flags & NODE_METACOPY))
		r = data_blocks(fs, n, &st.st_blocks);
	if (!r)
		r = fix_nlink(fs, n, flags, &st);
	if (!r)
		*ret = st;
	return r;
}

/* What has parted from its node (fs/io.h) shows the node's attributes, but the
 * size and time of the content that it has. */
static int old_content(struct fs *fs, struct node *n, struct stat *st)
{
	_cleanup_place struct place p = PLACE_INIT;
	struct stat data;
	int r = lower_place(fs, n->data, &p);

	if (!r)
		r = place_stat(&p, &data);
	if (r)
		return r;
	st->st_size = data.st_size;
	st->st_blocks = data.st_blocks;
	st->st_mtim = data.st_mtim;
	return 0;
}

static void reply_attr(fuse_req_t req, struct node *n, fuse_ino_t ino)
{
	struct fs *fs = reply_fs(req);
	struct stat st;
	int r = attr_get(fs, n, &st);

	if (!r && io_is_old(n, ino))
		r = old_content(fs, n, &st);
	if (r)
		reply_status(req, r);
	else
		fuse_reply_attr(req, &st, io_attr_timeout(n));
}

void attr_getattr_op(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *fs = reply_fs(req);
	struct node *n = node_get(fs, ino);

	if (!n) {
		reply_status(req, -ESTALE);
		return;
	}
	io_settle(fs, n);
	reply_attr(req, n, ino);
}

static int place_chmod(const struct place *p, mode_t mode)
{
	char path[FILEIO_PROC_PATH];

	/* The object is known not to be a symlink. */
	fileio_proc_path(path, p->dirfd, p->name);
	return chmod(path, mode & 07777) ? -errno : 0;
}

static int drop_mode(struct fs *fs, struct node *n, mode_t drop)
{
	_cleanup_place struct place p = PLACE_INIT;
	struct stat st;
	int r = node_upper_place(fs, n, &p);

	if (!r)
		r = place_stat(&p, &st);
	/* Without group execute S_ISGID means something else. */
	if (!r && drop & S_ISUID && !(st.st_mode & S_IXGRP))
		drop &= ~(mode_t)S_ISGID;
	if (r || !(st.st_mode & drop))
		return r;
	return place_chmod(&p, st.st_mode & ~drop);
}

int attr_drop_suid(struct fs *fs, struct node *n)
{
	return S_ISREG(n->type) ? drop_mode(fs, n, S_ISUID | S_ISGID) : 0;
}

int attr_drop_sgid(struct fs *fs, struct node *n)
{
	return drop_mode(fs, n, S_ISGID);
}

static int set_size(struct fs *fs, struct node *n, off_t size)
{
	_cleanup_fd int fd = node_open_upper(fs, n, O_WRONLY);

	if (fd < 0)
		return fd;
	return ftruncate(fd, size) ? -errno : 0;
}

static int set_owner(const struct place *p, const struct stat *attr,
		     int to_set)
{
	uid_t uid = to_set & FUSE_SET_ATTR_UID ? attr->st_uid : (uid_t)-1;
	gid_t gid = to_set & FUSE_SET_ATTR_GID ? attr->st_gid : (gid_t)-1;

	return fchownat(p->dirfd, p->name ? p->name : "", uid, gid,
			AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) ? -errno : 0;
}

static struct timespec time_of(int to_set, int set, int now,
			       const struct timespec *ts)
{
	if (to_set & now)
		return (struct timespec){ .tv_nsec = UTIME_NOW };
	if (to_set & set)
		return *ts;
	return (struct timespec){ .tv_nsec = UTIME_OMIT };
}

static int set_times(const struct place *p, const struct stat *attr,
		     int to_set)
{
	struct timespec ts[2] = {
		time_of(to_set, FUSE_SET_ATTR_ATIME, FUSE_SET_ATTR_ATIME_NOW,
			&attr->st_atim),
		time_of(to_set, FUSE_SET_ATTR_MTIME, FUSE_SET_ATTR_MTIME_NOW,
			&attr->st_mtim),
	};
	char path[FILEIO_PROC_PATH];
	int flags = p->name ? AT_SYMLINK_NOFOLLOW : 0;

	fileio_proc_path(path, p->dirfd, p->name);
	return utimensat(AT_FDCWD, path, ts, flags) ? -errno : 0;
}

#define SET_OWNER (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID)
#define SET_ANY (FUSE_SET_ATTR_MODE | SET_OWNER | FUSE_SET_ATTR_SIZE | SET_TIMES)
#define SET_TIMES                                                              \
	(FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME |                           \
	 FUSE_SET_ATTR_ATIME_NOW | FUSE_SET_ATTR_MTIME_NOW)

/* The changes, in the order in which none undoes another: the size moves
 * mtime, a new owner clears set-id bits. */
static int apply(struct fs *fs, struct node *n, const struct stat *attr,
		 int to_set, bool kill)
{
	_cleanup_place struct place p = PLACE_INIT;
	int r = 0;

	if (to_set & FUSE_SET_ATTR_SIZE)
		r = set_size(fs, n, attr->st_size);
	if (!r)
		r = node_upper_place(fs, n, &p);
	if (!r && (to_set & SET_OWNER))
		r = set_owner(&p, attr, to_set);
	if (!r && kill)
		r = attr_drop_suid(fs, n);
	if (!r && (to_set & FUSE_SET_ATTR_MODE))
		r = S_ISLNK(n->type) ? -EOPNOTSUPP :
				       place_chmod(&p, attr->st_mode);
	if (!r && (to_set & SET_TIMES))
		r = set_times(&p, attr, to_set);
	return r;
}

/* A break in the directory puts its times back: not across ours. */
static int apply_to_dir(struct fs *fs, struct node *n, const struct stat *attr,
			int to_set, bool kill)
{
	int r;

	pthread_rwlock_wrlock(&n->dir->names);
	r = apply(fs, n, attr, to_set, kill);
	pthread_rwlock_unlock(&n->dir->names);
	return r;
}

static int setattr(struct fs *fs, struct node *n, const struct stat *attr,
		   int to_set, bool kill)
{
	bool size = to_set & FUSE_SET_ATTR_SIZE;
	int r;

	if (size && !S_ISREG(n->type))
		return -EINVAL;
	r = linkbreak_begin(fs, n);
	if (r)
		return r;
	r = linkbreak_locked(fs, n, NULL, NULL, size ? BREAK_DATA : BREAK_META,
			     size ? attr->st_size : BREAK_KEEP_ALL);
	/* What is open has the old content, the path the new one. */
	if (!r && size)
		r = io_part(fs, n);
	if (r > 0)
		r = -ESTALE;
	if (!r)
		r = node_is_dir(n) ? apply_to_dir(fs, n, attr, to_set, kill) :
				     apply(fs, n, attr, to_set, kill);
	linkbreak_end(n);
	return r;
}

/*
 * A request that sets nothing is what the kernel leaves of two things: the end
 * of a file's capabilities before a write (it has removed them), and chown(2)
 * to nobody new.  Either drops the set-id bits when a stranger does it.
 */
static int drop_privileges(struct fs *fs, struct node *n, pid_t caller)
{
	int r;

	if (caller_has_cap(caller, CAP_FSETID))
		return 0;
	r = linkbreak_begin(fs, n);
	if (r)
		return r;
	r = linkbreak_locked(fs, n, NULL, NULL, BREAK_META, BREAK_KEEP_ALL);
	if (!r)
		r = attr_drop_suid(fs, n);
	linkbreak_end(n);
	return r;
}

void attr_setattr_op(fuse_req_t req, fuse_ino_t ino, struct stat *attr,
		     int to_set, struct fuse_file_info *fi)
{
	struct fs *fs = reply_fs(req);
	struct node *n = node_get(fs, ino);
	bool kill = kernel_request()->kill_suidgid;
	int r;

	if (!n || (to_set & FUSE_SET_ATTR_SIZE && io_is_old(n, ino)))
		r = -ESTALE;
	else if (to_set & SET_ANY)
		r = setattr(fs, n, attr, to_set, kill);
	else
		r = drop_privileges(fs, n, fuse_req_ctx(req)->pid);

	if (r) {
		reply_status(req, r);
		return;
	}
	io_changed(fs, n, ino);
	reply_attr(req, n, ino);
}

static ssize_t read_indexed(const struct lower *l, char *buf, size_t size)
{
	const char *target;
	int len = tindex_target(l->layer->tindex, l->entry, &target);

	if (len < 0)
		return len == -EBADMSG ? -EIO : len;
	if ((size_t)len > size)
		len = (int)size;
	memcpy(buf, target, (size_t)len);
	return len;
}

/* The link is opened first: by its name, a rename could show another. */
static ssize_t read_link(struct fs *fs, struct node *n, char *buf, size_t size)
{
	_cleanup_place struct place p = PLACE_INIT;
	_cleanup_fd int fd = -1;
	ssize_t len;
	int r;

	if (node_flags(n) & NODE_UPPER) {
		r = fd = node_open_upper(fs, n, O_PATH);
	} else if (n->lower->entry) {
		return read_indexed(n->lower, buf, size);
	} else {
		r = lower_place(fs, n->lower, &p);
		if (!r)
			r = fd = place_open(&p, O_PATH);
	}
	if (r < 0)
		return r;
	len = readlinkat(fd, "", buf, size);
	return len < 0 ? -errno : len;
}

void attr_readlink_op(fuse_req_t req, fuse_ino_t ino)
{
	struct fs *fs = reply_fs(req);
	struct node *n = node_get(fs, ino);
	char buf[PATH_MAX + 1];
	ssize_t len = -ESTALE;

	if (n)
		len = S_ISLNK(n->type) ? read_link(fs, n, buf, PATH_MAX) :
					 -EINVAL;
	if (len < 0) {
		reply_status(req, (int)len);
		return;
	}
	buf[len] = '\0';
	fuse_reply_readlink(req, buf);
}

void attr_statfs_op(fuse_req_t req, fuse_ino_t ino)
{
	struct fs *fs = reply_fs(req);
	struct statvfs sv;
	int fd = fs->upper_fd >= 0 ? fs->upper_fd : fs->layers[0].fd;

	if (fstatvfs(fd, &sv)) {
		reply_status(req, -errno);
		return;
	}
	sv.f_namemax = NAME_MAX;
	fuse_reply_statfs(req, &sv);
}
