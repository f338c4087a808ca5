/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/layers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "base/fileio.h"

/* Source: include/uapi/linux/fs.h of Linux 6.9 (struct fsuuid2). */
struct fs_uuid {
	uint8_t len;
	uint8_t uuid[16];
};
#define FS_UUID_IOCTL _IOR(0x15, 0, struct fs_uuid)

/* Source: fs/ext4/ext4.h of Linux 6.0 (struct fsuuid, EXT4_IOC_GETFSUUID). */
struct ext4_uuid {
	uint32_t len;
	uint32_t flags;
	uint8_t uuid[16];
};
#define EXT4_UUID_IOCTL _IOR('f', 44, uint64_t)

/* What overlayfs writes into file handles: the file system's UUID. */
static void read_uuid(struct layer *l)
{
	_cleanup_fd int fd = openat(l->fd, ".",
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct fs_uuid generic = { 0 };
	struct ext4_uuid ext4 = { .len = 16 };

	if (fd < 0)
		return;
	if (!ioctl(fd, FS_UUID_IOCTL, &generic) && generic.len == 16) {
		memcpy(l->uuid, generic.uuid, 16);
		l->has_uuid = true;
	} else if (!ioctl(fd, EXT4_UUID_IOCTL, &ext4) && ext4.len == 16) {
		memcpy(l->uuid, ext4.uuid, 16);
		l->has_uuid = true;
	}
}

static struct lower *lower_new(struct layer *layer, struct lower *parent,
			       const char *name, const struct stat *st,
			       const struct tindex_entry *entry)
{
	size_t len = strlen(name);
	struct lower *l = calloc(1, sizeof(*l) + len + 1);

	if (!l)
		return NULL;
	atomic_init(&l->refs, 1);
	l->layer = layer;
	l->parent = parent ? lower_get(parent) : NULL;
	l->ino = st->st_ino;
	l->dev = st->st_dev;
	l->entry = entry;
	fdslot_init(&l->dir);
	memcpy(l->name, name, len + 1);
	return l;
}

/* See fs/classes.h; without it the layer is read through the daemon. */
static void open_guard(struct layer *l)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME,
		.attr_clr = MOUNT_ATTR__ATIME,
		.propagation = MS_PRIVATE,
	};
	_cleanup_fd int fd = open_tree(l->fd, "", AT_EMPTY_PATH |
						  OPEN_TREE_CLONE |
						  OPEN_TREE_CLOEXEC);

	if (fd < 0 || mount_setattr(fd, "", AT_EMPTY_PATH, &attr,
				    sizeof(attr)))
		return;
	l->guardfd = take_fd(&fd);
	if (!l->foreign)
		l->parentfd = openat(l->fd, "..", O_PATH | O_DIRECTORY |
						  O_NOFOLLOW | O_CLOEXEC);
}

static int open_layer(struct fs *fs, unsigned i, size_t n, const char *path)
{
	struct layer *l = &fs->layers[i];
	const struct tindex_entry *root = NULL;
	struct stat st;

	l->index = i;
	l->foreign = !fs->templates;
	l->ino_base = (uint64_t)(n - 1 - i) << LAYERS_INO_SHIFT;
	l->fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (l->fd < 0 || fstat(l->fd, &st))
		return -errno;
	l->dev = st.st_dev;
	read_uuid(l);
	if (!l->foreign)
		l->tindex_error = tindex_open(l->fd, &l->tindex);
	if (l->tindex)
		root = tindex_root(l->tindex);
	if (fs->passthrough.wanted)
		open_guard(l);
	fs->roots[i] = lower_new(l, NULL, "", &st, root);
	if (!fs->roots[i])
		return -ENOMEM;
	fs->roots[i]->has_xwhiteouts = l->foreign;
	return 0;
}

int layers_open(struct fs *fs, const char *const *paths, size_t n,
		const char **ret_what)
{
	int r;

	if (n == 0 || n > LAYERS_MAX)
		return -EINVAL;
	fs->layers = calloc(n, sizeof(*fs->layers));
	fs->roots = calloc(n, sizeof(*fs->roots));
	if (!fs->layers || !fs->roots)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		fs->layers[i].fd = fs->layers[i].guardfd =
			fs->layers[i].parentfd = -1;
	fs->nlayers = (unsigned)n;
	for (unsigned i = 0; i < n; i++) {
		r = open_layer(fs, i, n, paths[i]);
		if (r) {
			*ret_what = paths[i];
			return r;
		}
	}
	return 0;
}

void layers_close(struct fs *fs)
{
	for (unsigned i = 0; i < fs->nlayers; i++) {
		lower_put(fs, fs->roots[i]);
		if (fs->layers[i].fd >= 0)
			close(fs->layers[i].fd);
		if (fs->layers[i].guardfd >= 0)
			close(fs->layers[i].guardfd);
		if (fs->layers[i].parentfd >= 0)
			close(fs->layers[i].parentfd);
		tindex_close(fs->layers[i].tindex);
	}
	free(fs->roots);
	free(fs->layers);
	fs->nlayers = 0;
}

struct lower *lower_get(struct lower *l)
{
	atomic_fetch_add_explicit(&l->refs, 1, memory_order_relaxed);
	return l;
}

void lower_put(struct fs *fs, struct lower *l)
{
	struct lower *parent;

	/* A loop, not a recursion: a path may be deeper than the stack. */
	while (l && atomic_fetch_sub(&l->refs, 1) == 1) {
		parent = l->parent;
		fdcache_clear(&fs->fdcache, &l->dir);
		free(l->merged);
		free(atomic_load(&l->names));
		free(l);
		l = parent;
	}
}

void lowers_free(struct fs *fs, struct lower **lowers, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		lower_put(fs, lowers[i]);
	free(lowers);
}

/* Opens the chain of directories from the nearest open one down to `dir`. */
static int open_chain(struct fs *fs, struct lower *dir, struct fdref **ret)
{
	_cleanup_free struct lower **chain = NULL;
	_cleanup_fdref struct fdref *ref = NULL;
	struct lower *l;
	size_t depth = 0;
	int fd, next;

	for (l = dir; l->parent; l = l->parent) {
		ref = fdcache_get(&l->dir);
		if (ref)
			break;
		depth++;
	}
	chain = calloc(depth ? depth : 1, sizeof(struct lower *));
	if (!chain)
		return -ENOMEM;
	fd = ref ? ref->fd : l->layer->fd;
	l = dir;
	for (size_t i = depth; i > 0; i--, l = l->parent)
		chain[i - 1] = l;
	for (size_t i = 0; i < depth; i++) {
		next = openat(fd, chain[i]->name,
			      O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return -errno;
		cleanup_fdref(&ref);
		ref = fdcache_add(&fs->fdcache, &chain[i]->dir, next);
		if (!ref)
			return -ENOMEM;
		fd = ref->fd;
	}
	*ret = take_ptr(ref);
	return fd;
}

int lower_dirfd(struct fs *fs, struct lower *dir, struct fdref **ret)
{
	struct fdref *ref;

	if (!dir->parent) {
		*ret = NULL;
		return dir->layer->fd;
	}
	ref = fdcache_get(&dir->dir);
	if (!ref)
		return open_chain(fs, dir, ret);
	*ret = ref;
	return ref->fd;
}

void place_release(struct place *p)
{
	cleanup_fdref(&p->ref);
	p->ref = NULL;
}

int lower_place(struct fs *fs, struct lower *l, struct place *ret)
{
	int fd;

	if (!l->parent) {
		ret->dirfd = l->layer->fd;
		ret->name = NULL;
		ret->ref = NULL;
		return 0;
	}
	fd = lower_dirfd(fs, l->parent, &ret->ref);
	if (fd < 0)
		return fd;
	ret->dirfd = fd;
	memcpy(ret->buf, l->name, strlen(l->name) + 1);
	ret->name = ret->buf;
	return 0;
}

int place_stat(const struct place *p, struct stat *ret)
{
	int r = p->name ? fstatat(p->dirfd, p->name, ret, AT_SYMLINK_NOFOLLOW) :
			  fstat(p->dirfd, ret);

	return r ? -errno : 0;
}

int place_open(const struct place *p, int flags)
{
	char path[FILEIO_PROC_PATH];
	int fd;

	if (p->name) {
		fd = openat(p->dirfd, p->name, flags | O_NOFOLLOW | O_CLOEXEC);
	} else {
		/* The descriptor is the object: only its link can be opened
		 * anew, and that link must be followed. */
		fileio_proc_path(path, p->dirfd, NULL);
		fd = open(path, flags | O_CLOEXEC);
	}
	return fd < 0 ? -errno : fd;
}

int place_open_shared(const struct place *p)
{
	int fd = place_open(p, O_RDONLY | O_NOATIME);

	/* O_NOATIME needs ownership. */
	return fd == -EPERM ? place_open(p, O_RDONLY) : fd;
}

int lower_open_dir(int dirfd)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int fd = openat(dirfd, ".", flags | O_NOATIME);

	if (fd < 0 && errno == EPERM)
		fd = openat(dirfd, ".", flags);
	return fd < 0 ? -errno : fd;
}

int lower_path(const struct lower *l, struct bytes *ret)
{
	_cleanup_free const struct lower **chain = NULL;
	const struct lower *top;
	size_t depth = 0;
	int r = 0;

	for (top = l; top->parent && !top->merged; top = top->parent)
		depth++;
	chain = calloc(depth ? depth : 1, sizeof(*chain));
	if (!chain)
		return -ENOMEM;
	for (size_t i = depth; i > 0; i--, l = l->parent)
		chain[i - 1] = l;
	if (top->merged)
		r = bytes_adds(ret, top->merged);
	for (size_t i = 0; !r && i < depth; i++)
		r = bytes_addf(ret, "/%s", chain[i]->name);
	if (!r && !ret->len)
		r = bytes_adds(ret, "/");
	return r;
}

struct lower *lower_child(struct lower *parent, const char *name,
			  const struct stat *st,
			  const struct tindex_entry *entry)
{
	return lower_new(parent->layer, parent, name, st, entry);
}

int lower_stat(struct fs *fs, struct lower *l, struct stat *ret)
{
	_cleanup_place struct place p = PLACE_INIT;
	int r;

	if (l->entry) {
		tindex_stat(l->layer->tindex, l->entry, l->layer->dev, ret);
		return 0;
	}
	r = lower_place(fs, l, &p);
	return r ? r : place_stat(&p, ret);
}
