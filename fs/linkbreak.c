/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/linkbreak.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "fs/carry.h"
#include "fs/fault.h"
#include "fs/fill.h"
#include "fs/index.h"
#include "fs/kernel.h"
#include "fs/kernel_format.h"
#include "fs/marks.h"

/* A break in progress. */
struct brk {
	struct fs *fs;
	struct node *node;
	struct node *parent; /* NULL: no name is left */
	const char *name;
	enum break_need need;
	int64_t keep;
	struct lower *lower;  /* what is broken */
	struct place from;    /* where it is */
	struct stat st;	      /* its attributes */
	bool foreign;	      /* `from` lies in a foreign layer */
	bool metacopy;	      /* the copy has no data */
	struct staged staged;
};

int linkbreak_times_begin(struct node *dir, int dirfd,
			  struct linkbreak_times *t)
{
	struct stat st;

	if (fstat(dirfd, &st))
		return -errno;
	t->ts[0] = st.st_atim;
	t->ts[1] = st.st_mtim;
	t->fd = dirfd;
	/* Odd: whoever reads the directory's times now waits (attr.c). */
	atomic_fetch_add(&dir->epoch, 1);
	return 0;
}

int linkbreak_times_end(struct node *dir, struct linkbreak_times *t)
{
	char path[FILEIO_PROC_PATH];
	int r = 0;

	fileio_proc_path(path, t->fd, NULL);
	if (utimensat(AT_FDCWD, path, t->ts, 0))
		r = -errno;
	atomic_fetch_add(&dir->epoch, 1);
	return r;
}

static int build_data(struct brk *b)
{
	_cleanup_place struct place p = PLACE_INIT;
	_cleanup_fd int src = -1;
	off_t size = b->st.st_size, bytes = 0;
	int r;

	if (b->keep < size)
		size = b->keep;
	if (size == 0) {
		atomic_fetch_add(&b->fs->counters.bytes_avoided,
				 (unsigned long)b->st.st_size);
		return 0;
	}
	r = lower_place(b->fs, b->node->data, &p);
	if (!r)
		r = src = place_open_shared(&p);
	if (r >= 0)
		r = FAULT_STEP("copy", fileio_copy_data(src, b->staged.fd,
							size, &bytes));
	if (r < 0)
		return r;
	atomic_fetch_add(&b->fs->counters.bytes_copied, (unsigned long)bytes);
	if (r == FILEIO_REFLINKED)
		atomic_fetch_add(&b->fs->counters.bytes_reflinked,
				 (unsigned long)size);
	return 0;
}

/* The content, or its absence. */
static int build_content(struct brk *b)
{
	if (!S_ISREG(b->st.st_mode))
		return 0;
	/* An empty file has no data to leave behind. */
	if (b->need == BREAK_DATA || b->st.st_size == 0)
		return build_data(b);
	b->metacopy = true;
	atomic_fetch_add(&b->fs->counters.bytes_avoided,
			 (unsigned long)b->st.st_size);
	return FAULT_STEP("size", ftruncate(b->staged.fd, b->st.st_size) ?
				  -errno : 0);
}

static int build_redirect(struct brk *b)
{
	_cleanup_bytes struct bytes path = BYTES_INIT;
	int r = lower_path(b->lower, &path);

	return r ? r : marks_set(b->fs, b->staged.fd, NULL, LAYER_REDIRECT,
				 path.data, path.len);
}

/*
 * What the index needs.  Other files get no origin: it would push the
 * attributes out of a 256-byte inode of ext4, at a block for each file, to say
 * what st_ino's own mark says.
 */
static int build_index_marks(struct brk *b)
{
	unsigned char origin[LAYER_HANDLE_MAX];
	int fd = b->staged.fd, r;
	unsigned len;

	r = index_handle(b->fs, b->lower, origin, &len);
	if (!r)
		r = marks_set(b->fs, fd, NULL, LAYER_ORIGIN, origin, len);
	else if (r == -EOPNOTSUPP || r == -EOVERFLOW)
		r = 0; /* without handles the index has names of its own */
	if (!r)
		r = FAULT_STEP("mark-nlink", marks_set(b->fs, fd, NULL,
						       LAYER_NLINK, "L+0", 3));
	if (!r && b->metacopy)
		r = build_redirect(b);
	return r;
}

static int build_marks(struct brk *b)
{
	int fd = b->staged.fd, r;

	/* Without privilege only files and directories can have marks. */
	if (b->fs->userxattr && !S_ISREG(b->st.st_mode) &&
	    !S_ISDIR(b->st.st_mode))
		return 0;
	r = FAULT_STEP("mark-ino", marks_set_ino(b->fs, fd, NULL,
						 b->node->ino));
	if (r)
		return r;
	if (b->metacopy)
		r = FAULT_STEP("mark-metacopy",
			       marks_set(b->fs, fd, NULL, LAYER_METACOPY, "",
					 0));
	return r || !b->node->index_name ? r : build_index_marks(b);
}

static int build(struct brk *b)
{
	_cleanup_free char *target = NULL;
	struct stat st = b->st;
	ssize_t len;
	int r;

	/* A truncation shows its size and its time at once. */
	if (b->need == BREAK_DATA && b->keep < st.st_size)
		st.st_mtim.tv_nsec = UTIME_NOW;
	if (S_ISLNK(b->st.st_mode)) {
		target = malloc(PATH_MAX);
		if (!target)
			return -ENOMEM;
		len = readlinkat(b->from.dirfd, b->from.name, target,
				 PATH_MAX - 1);
		if (len < 0)
			return -errno;
		target[len] = '\0';
	}
	r = stage_make(b->fs, b->st.st_mode & S_IFMT, b->st.st_rdev, target,
		       &b->staged);
	if (!r)
		r = build_content(b);
	if (!r)
		r = build_marks(b);
	if (!r)
		r = carry_all(&b->from, b->foreign, &st, &b->staged);
	/* What the name shows must be on disk before the name is. */
	if (!r && S_ISREG(b->st.st_mode) && !b->metacopy &&
	    !b->fs->is_volatile)
		r = FAULT_STEP("fsync", fsync(b->staged.fd) ? -errno : 0);
	return r;
}

int linkbreak_mark_impure(struct fs *fs, struct node *dir, int dirfd)
{
	int r = 0;

	if (dir->dir->impure)
		return 0;
	r = FAULT_STEP("mark-impure",
		       marks_set(fs, dirfd, NULL, LAYER_IMPURE, "y", 1));
	if (!r)
		dir->dir->impure = true;
	return r;
}

static int install_named(struct brk *b, int dirfd)
{
	struct fs *fs = b->fs;
	struct node *n = b->node;
	struct linkbreak_times t;
	bool indexed = false;
	int r, r2;

	r = linkbreak_mark_impure(fs, b->parent, dirfd);
	if (!r)
		r = linkbreak_times_begin(b->parent, dirfd, &t);
	if (r)
		return r;
	if (n->index_name) {
		r = FAULT_STEP("install-index", stage_link(&b->staged,
							   fs->index_fd,
							   n->index_name));
		indexed = !r;
	}
	if (!r)
		r = stage_install(&b->staged, dirfd, b->name);
	r2 = linkbreak_times_end(b->parent, &t);
	/* By its other names the file would stay broken. */
	if (r && indexed && unlinkat(fs->index_fd, n->index_name, 0))
		r = -errno;
	return r ? r : r2;
}

/* No name is left: the copy lives by its descriptor. */
static int install_nameless(struct brk *b, uint64_t ino, unsigned set)
{
	_cleanup_fdref struct fdref *ref = fdref_new(b->staged.fd);

	if (!ref)
		return -ENOMEM;
	b->staged.fd = -1;
	node_key_upper(b->fs, b->node, ino);
	node_del_alias(b->fs, b->node, NULL, "", ref);
	node_set_upper(b->fs, b->node, ino, set, 0);
	return 0;
}

/* Shows the copy and tells the node, under the parent's names lock. */
static int install(struct brk *b)
{
	_cleanup_fdref struct fdref *ref = NULL;
	struct stat st;
	unsigned set = 0;
	int r, dirfd;

	if (fstat(b->staged.fd, &st))
		return -errno;
	if (b->metacopy)
		set |= NODE_METACOPY;
	if (!b->parent)
		return install_nameless(b, st.st_ino, set);
	node_key_upper(b->fs, b->node, st.st_ino);
	if (b->node->index_name)
		set |= NODE_INDEXED;
	dirfd = node_upper_dir(b->fs, b->parent, &ref);
	if (dirfd < 0) {
		node_unkey_upper(b->fs, b->node);
		return dirfd;
	}
	pthread_rwlock_wrlock(&b->parent->dir->names);
	r = install_named(b, dirfd);
	/* What shows is private, even if the directory's times failed. */
	if (b->staged.installed)
		node_set_upper(b->fs, b->node, st.st_ino, set, 0);
	else
		node_unkey_upper(b->fs, b->node);
	pthread_rwlock_unlock(&b->parent->dir->names);
	return r;
}

static enum counters_cause cause(const struct brk *b)
{
	switch (kernel_request()->opcode) {
	case FUSE_OPEN:
		return b->keep < BREAK_KEEP_ALL ? CAUSE_TRUNCATE : CAUSE_OPEN;
	case FUSE_SETATTR:
		return b->keep < BREAK_KEEP_ALL ? CAUSE_TRUNCATE :
						  CAUSE_SETATTR;
	case FUSE_SETXATTR:
	case FUSE_REMOVEXATTR:
		return CAUSE_XATTR;
	case FUSE_IOCTL:
		return CAUSE_FLAGS;
	default:
		return CAUSE_NAMES;
	}
}

static void count(struct brk *b)
{
	struct counters *c = &b->fs->counters;

	counters_add(&c->breaks_by[cause(b)], 1);
	if (b->need == BREAK_DATA && b->node->data)
		classes_learn(b->fs, b->node->data);
	if (S_ISDIR(b->st.st_mode))
		atomic_fetch_add(&c->breaks_dir, 1);
	else if (b->metacopy || !S_ISREG(b->st.st_mode))
		atomic_fetch_add(&c->breaks_meta, 1);
	else
		atomic_fetch_add(&c->breaks_data, 1);
}

/* Steps 2 to 4 for a node that has no private inode. */
static int break_shared(struct brk *b)
{
	struct node *n = b->node;
	int r;

	b->lower = node_is_dir(n) ? n->dir->lowers[0] : n->lower;
	b->foreign = b->lower->layer->foreign;
	b->staged = (struct staged)STAGED_INIT;
	r = lower_place(b->fs, b->lower, &b->from);
	if (r)
		return r;
	r = lower_stat(b->fs, b->lower, &b->st);
	if (!r)
		r = build(b);
	if (!r)
		r = install(b);
	if (!r || b->staged.installed) {
		count(b);
		if (S_ISREG(b->st.st_mode) && !b->metacopy)
			atomic_fetch_add(&n->epoch, 1);
	}
	if (b->staged.fs)
		stage_release(&b->staged);
	place_release(&b->from);
	return r;
}

/* A private inode without data, which is to get it. */
/* The private inode is this name's alone: a whole new one can take its place. */
static bool replaceable(struct node *n, const struct stat *upper)
{
	bool yes;

	pthread_mutex_lock(&n->lock);
	yes = upper->st_nlink == 1 && n->upper_ino == upper->st_ino &&
	      n->aliases && !n->orphan && !(n->flags & NODE_INDEXED);
	pthread_mutex_unlock(&n->lock);
	return yes;
}

static int install_replacement(struct brk *b)
{
	_cleanup_fdref struct fdref *ref = NULL;
	_cleanup_fd int old = -1;
	struct linkbreak_times t;
	struct node *n = b->node;
	struct stat st;
	int r, r2, dirfd = node_upper_dir(b->fs, b->parent, &ref);

	if (dirfd < 0)
		return dirfd;
	if (fstat(b->staged.fd, &st))
		return -errno;
	/* Its number must not be given to another file while it still stands
	 * for this node. */
	old = node_open_upper(b->fs, n, O_PATH);
	if (old < 0)
		return old;
	pthread_rwlock_wrlock(&b->parent->dir->names);
	r = linkbreak_times_begin(b->parent, dirfd, &t);
	if (!r) {
		r = stage_replace(&b->staged, dirfd, b->name);
		r2 = linkbreak_times_end(b->parent, &t);
		r = r ? r : r2;
	}
	if (b->staged.installed) {
		node_unkey_upper(b->fs, n);
		node_key_upper(b->fs, n, st.st_ino);
		node_set_upper(b->fs, n, st.st_ino, 0, NODE_METACOPY);
		atomic_fetch_add(&n->epoch, 1);
	}
	pthread_rwlock_unlock(&b->parent->dir->names);
	return r;
}

/*
 * Gives a private inode without data its data.  With one name, a new inode
 * with everything is built and takes that name, so that nobody ever sees a
 * half; one with more names is filled in place (fs/fill.h).
 */
static int break_metacopy(struct brk *b)
{
	char name[NAME_MAX + 1];
	int r = node_upper_place(b->fs, b->node, &b->from);

	b->staged = (struct staged)STAGED_INIT;
	b->need = BREAK_DATA;
	b->lower = b->node->lower;
	if (!r)
		r = place_stat(&b->from, &b->st);
	if (!r && !replaceable(b->node, &b->st)) {
		place_release(&b->from);
		r = fill_in_place(b->fs, b->node, b->keep);
	} else if (!r) {
		r = node_alias(b->node, &b->parent, name);
		b->name = name;
		if (!r)
			r = build(b);
		if (!r)
			r = install_replacement(b);
		if (b->parent)
			node_put(b->fs, b->parent, 1);
	}
	if (!r)
		count(b);
	if (b->staged.fs)
		stage_release(&b->staged);
	place_release(&b->from);
	return r;
}

int linkbreak_locked(struct fs *fs, struct node *n, struct node *parent,
		     const char *name, enum break_need need, int64_t keep)
{
	struct brk b = { .fs = fs,    .node = n,    .parent = parent,
			 .name = name, .need = need, .keep = keep };
	unsigned flags = node_flags(n);
	char buf[NAME_MAX + 1];
	int r;

	if (flags & NODE_UPPER) {
		if (need == BREAK_META || !(flags & NODE_METACOPY))
			return 0;
		return break_metacopy(&b);
	}
	if (fs->upper_fd < 0)
		return -EROFS;
	if (parent)
		return break_shared(&b);
	r = node_alias(n, &b.parent, buf);
	if (r && r != -ESTALE)
		return r;
	b.name = buf;
	r = break_shared(&b);
	if (b.parent)
		node_put(fs, b.parent, 1);
	return r;
}

/* Takes the busy lock once all of the node's ancestors are private. */
int linkbreak_begin(struct fs *fs, struct node *n)
{
	struct node *parent;
	char name[NAME_MAX + 1];
	bool ready;
	int r;

	if (fs->upper_fd < 0)
		return -EROFS;
	for (;;) {
		parent = NULL;
		pthread_mutex_lock(&n->busy);
		if (node_flags(n) & NODE_UPPER)
			return 0;
		r = node_alias(n, &parent, name);
		ready = r == -ESTALE || (!r && node_flags(parent) & NODE_UPPER);
		if (ready && parent)
			node_put(fs, parent, 1);
		if (ready)
			return 0;
		pthread_mutex_unlock(&n->busy);
		r = linkbreak_dirs(fs, parent);
		node_put(fs, parent, 1);
		if (r)
			return r;
	}
}

void linkbreak_end(struct node *n)
{
	pthread_mutex_unlock(&n->busy);
}
