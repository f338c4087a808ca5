/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a node to the private inode: the part of fs/node.h that opens things.
 *
 * A private directory's path is its path in the container, which renames
 * change.  So descriptors are opened step by step from the nearest ancestor
 * that has one, each step is checked against the inode number that the node
 * knows, and a mismatch (a rename in between) starts anew.
 */
#include "fs/node.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fileio.h"

/* Renames that keep outrunning us this often are not to be expected. */
#define RETRIES 1000

struct step {
	struct node *node; /* a reference */
	char name[NAME_MAX + 1];
};

struct path {
	struct step *steps; /* from the leaf up */
	size_t n, size;
};

static void path_release(struct fs *fs, struct path *p)
{
	for (size_t i = 0; i < p->n; i++)
		node_put(fs, p->steps[i].node, 1);
	p->n = 0;
}

static int path_push(struct path *p, struct node *n, const char *name)
{
	struct step *more;

	if (p->n == p->size) {
		more = reallocarray(p->steps, p->size ? p->size * 2 : 8,
				    sizeof(*more));
		if (!more)
			return -ENOMEM;
		p->steps = more;
		p->size = p->size ? p->size * 2 : 8;
	}
	p->steps[p->n].node = node_ref(n);
	memcpy(p->steps[p->n].name, name, strlen(name) + 1);
	p->n++;
	return 0;
}

/* The open descriptor of a private directory, or -EAGAIN. */
static int held_dir(struct fs *fs, struct node *n, struct fdref **ret)
{
	if (n == fs->root)
		return fs->upper_fd;
	*ret = fdcache_get(&n->dir->upper);
	if (*ret)
		return (*ret)->fd;
	pthread_mutex_lock(&n->lock);
	*ret = n->orphan ? fdref_get(n->orphan) : NULL;
	pthread_mutex_unlock(&n->lock);
	return *ret ? (*ret)->fd : -EAGAIN;
}

/* Climbs to an ancestor with an open descriptor: that descriptor. */
static int climb(struct fs *fs, struct node *n, struct path *path,
		 struct fdref **ret)
{
	struct node *parent, *cur = node_ref(n);
	char name[NAME_MAX + 1];
	int r;

	for (;;) {
		r = held_dir(fs, cur, ret);
		if (r != -EAGAIN)
			break;
		r = node_alias(cur, &parent, name);
		if (r)
			break;
		r = path_push(path, cur, name);
		node_put(fs, cur, 1);
		cur = parent;
		if (r)
			break;
	}
	node_put(fs, cur, 1);
	return r;
}

/* Opens one step below `fd` and checks that it is the node's directory. */
static int open_step(struct fs *fs, int fd, const struct step *s,
		     struct fdref **ret)
{
	int next = openat(fd, s->name,
			  O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	uint64_t ino;

	if (next < 0)
		return errno == ENOENT || errno == ENOTDIR ? -EAGAIN : -errno;
	pthread_mutex_lock(&s->node->lock);
	ino = s->node->upper_ino;
	pthread_mutex_unlock(&s->node->lock);
	if (fstat(next, &st) || st.st_ino != ino) {
		close(next);
		return -EAGAIN;
	}
	*ret = fdcache_add(&fs->fdcache, &s->node->dir->upper, next);
	return *ret ? (*ret)->fd : -ENOMEM;
}

static int try_upper_dir(struct fs *fs, struct node *n, struct path *path,
			 struct fdref **ret)
{
	_cleanup_fdref struct fdref *ref = NULL;
	struct fdref *next;
	int fd = climb(fs, n, path, &ref);

	for (size_t i = path->n; fd >= 0 && i > 0; i--) {
		next = NULL;
		fd = open_step(fs, fd, &path->steps[i - 1], &next);
		if (next) {
			cleanup_fdref(&ref);
			ref = next;
		}
	}
	if (fd >= 0)
		*ret = take_ptr(ref);
	return fd;
}

int node_upper_dir(struct fs *fs, struct node *n, struct fdref **ret)
{
	struct path path = { 0 };
	int fd;

	*ret = NULL;
	fd = held_dir(fs, n, ret);
	for (int i = 0; fd == -EAGAIN && i < RETRIES; i++) {
		if (i)
			sched_yield();
		fd = try_upper_dir(fs, n, &path, ret);
		path_release(fs, &path);
	}
	free(path.steps);
	return fd == -EAGAIN ? -ESTALE : fd;
}

int node_upper_place(struct fs *fs, struct node *n, struct place *ret)
{
	struct node *parent = NULL;
	int r = 0, fd;

	ret->name = NULL;
	ret->ref = NULL;
	if (n == fs->root) {
		ret->dirfd = fs->upper_fd;
		return 0;
	}
	pthread_mutex_lock(&n->lock);
	if (n->orphan) {
		ret->ref = fdref_get(n->orphan);
		ret->dirfd = ret->ref->fd;
	} else if (n->flags & NODE_INDEXED) {
		ret->dirfd = fs->index_fd;
		memcpy(ret->buf, n->index_name, strlen(n->index_name) + 1);
		ret->name = ret->buf;
	} else if (n->aliases) {
		parent = node_ref(n->aliases->parent);
		memcpy(ret->buf, n->aliases->name,
		       strlen(n->aliases->name) + 1);
		ret->name = ret->buf;
	} else {
		r = -ESTALE;
	}
	pthread_mutex_unlock(&n->lock);
	if (parent) {
		fd = node_upper_dir(fs, parent, &ret->ref);
		if (fd < 0)
			r = fd;
		else
			ret->dirfd = fd;
		node_put(fs, parent, 1);
	}
	return r;
}

int node_attr_place(struct fs *fs, struct node *n, struct place *ret,
		    bool *ret_upper)
{
	*ret_upper = node_flags(n) & NODE_UPPER;
	if (*ret_upper)
		return node_upper_place(fs, n, ret);
	return lower_place(fs, node_is_dir(n) ? n->dir->lowers[0] : n->lower,
			   ret);
}

static bool is_upper(struct node *n, const struct stat *st)
{
	bool same;

	pthread_mutex_lock(&n->lock);
	same = st->st_ino == n->upper_ino;
	pthread_mutex_unlock(&n->lock);
	return same;
}

int node_open_upper(struct fs *fs, struct node *n, int flags)
{
	struct stat st;
	int fd = -ESTALE, r;

	for (int i = 0; i < RETRIES; i++) {
		_cleanup_place struct place p = PLACE_INIT;

		if (i)
			sched_yield();
		r = node_upper_place(fs, n, &p);
		if (r)
			return r;
		fd = place_open(&p, flags);
		if (fd == -ENOENT || fd == -ELOOP || fd == -ENXIO)
			continue;
		if (fd < 0)
			return fd;
		if (!fstat(fd, &st) && is_upper(n, &st))
			return fd;
		close(fd);
		fd = -ESTALE;
	}
	return fd == -ENOENT ? -ESTALE : fd;
}

int node_open_data(struct fs *fs, struct node *n, unsigned *ret_epoch)
{
	_cleanup_place struct place p = PLACE_INIT;
	unsigned flags, epoch;
	int r;

	/* The epoch first: if a break comes between, the descriptor is of the
	 * old epoch and will be opened anew. */
	epoch = atomic_load(&n->epoch);
	flags = node_flags(n);
	if ((flags & NODE_UPPER) && !(flags & NODE_METACOPY)) {
		r = node_open_upper(fs, n, O_RDONLY);
	} else {
		r = lower_place(fs, n->data, &p);
		if (!r)
			r = place_open_shared(&p);
	}
	if (r >= 0)
		*ret_epoch = epoch;
	return r;
}
