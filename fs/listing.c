/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/listing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <xxhash.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "fs/lookup.h"
#include "fs/marks.h"

/* A name met in some layer, in the order of the layers. */
struct seen {
	uint64_t cookie; /* hash of the name */
	uint64_t ino;
	uint32_t name;
	uint32_t rank; /* a name counts in the topmost layer that has it, and
			  there before a whiteout of it */
	unsigned char type;
	bool whiteout;
};

struct build {
	struct fs *fs;
	struct node *dir;
	struct bytes names;
	struct seen *seen;
	size_t n, size;
	bool opaque; /* the layer just read hides those below */
	uint32_t layer; /* being read, counted from the top */
};

static int add(struct build *b, const char *name, uint64_t ino,
	       unsigned char type, bool whiteout)
{
	size_t len = strlen(name);
	struct seen *s;
	uint64_t hash;
	int r;

	if (b->n == b->size) {
		s = reallocarray(b->seen, b->size ? b->size * 2 : 64,
				 sizeof(*s));
		if (!s)
			return -ENOMEM;
		b->seen = s;
		b->size = b->size ? b->size * 2 : 64;
	}
	if (b->names.len + len + 1 > UINT32_MAX)
		return -EOVERFLOW;
	hash = XXH3_64bits(name, len) >> 2;
	b->seen[b->n] = (struct seen){
		.cookie = hash < LISTING_FIRST ? LISTING_FIRST : hash,
		.ino = ino,
		.name = (uint32_t)b->names.len,
		.rank = 2 * b->layer + whiteout,
		.type = type,
		.whiteout = whiteout,
	};
	r = bytes_add(&b->names, name, len + 1);
	if (!r)
		b->n++;
	return r;
}

/* The number and kind that stat(2) would show of a private entry. */
static int upper_identity(struct build *b, int fd, const char *name,
			  uint64_t *ino, unsigned char *type)
{
	_cleanup_marks struct marks m = { 0 };
	struct found f;
	int r = marks_read(b->fs, fd, name, MARKS_PRIVATE, &m);

	if (r)
		return r == -ENOENT ? 0 : r;
	if (m.rdev00)
		*type = DT_CHR;
	if (m.has_ino) {
		*ino = m.ino;
	} else if (m.origin_len ||
		   (*type == DT_DIR && b->dir->dir->nlowers)) {
		/* Overlayfs's doing: ask the way a look-up does. */
		r = lookup_resolve(b->fs, b->dir, name, &f);
		if (r)
			return r == -ENOENT ? 0 : r;
		*ino = f.ino;
		found_release(b->fs, &f);
	}
	return 0;
}

static unsigned char type_of(int fd, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN ||
	    fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW))
		return e->d_type;
	return (unsigned char)IFTODT(st.st_mode);
}

static int is_whiteout(int fd, const struct dirent *e, unsigned char type)
{
	struct stat st;

	if (type != DT_CHR)
		return 0;
	if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -errno;
	return st.st_rdev == makedev(0, 0);
}

static int add_upper(struct build *b, int fd, const struct dirent *e)
{
	unsigned char type = type_of(fd, e);
	uint64_t ino = e->d_ino + b->fs->upper_base;
	int r = is_whiteout(fd, e, type);

	if (r < 0)
		return r;
	if (r)
		return add(b, e->d_name, 0, type, true);
	/* Only a directory that was merged or marked has foreign numbers, and
	 * only regular files can stand for a device 0/0. */
	if (b->dir->dir->impure || b->dir->dir->nlowers || type == DT_REG) {
		r = upper_identity(b, fd, e->d_name, &ino, &type);
		if (r)
			return r;
	}
	return add(b, e->d_name, ino, type, false);
}

/* A whiteout that is an attribute on an empty file. */
static int is_xwhiteout(struct build *b, int fd, const char *name)
{
	_cleanup_marks struct marks m = { 0 };
	struct stat st;
	int r;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (st.st_size)
		return 0;
	r = marks_read(b->fs, fd, name, MARKS_FOREIGN, &m);
	return r ? r : m.xwhiteout;
}

static int add_lower(struct build *b, struct lower *l, int fd,
		     const struct dirent *e)
{
	static const size_t prefix = sizeof(LAYER_WH_PREFIX) - 1;
	unsigned char type = type_of(fd, e);
	int r;

	if (l->layer->foreign &&
	    !strncmp(e->d_name, LAYER_WH_PREFIX, prefix)) {
		if (!strcmp(e->d_name, LAYER_WH_OPAQUE)) {
			b->opaque = true;
			return 0;
		}
		return add(b, e->d_name + prefix, 0, type, true);
	}
	r = is_whiteout(fd, e, type);
	if (!r && type == DT_REG && l->has_xwhiteouts)
		r = is_xwhiteout(b, fd, e->d_name);
	if (r < 0)
		return r;
	return add(b, e->d_name, e->d_ino + l->layer->ino_base, type, r > 0);
}

/* Reads one directory: of layer `l`, or the private one if that is NULL. */
static int read_one(struct build *b, struct lower *l, int parent)
{
	_cleanup_dir DIR *d = NULL;
	struct dirent *e;
	int r = l ? fileio_fdopendir(lower_open_dir(parent), &d) :
		    fileio_opendir(parent, ".", &d);
	int fd;

	if (r)
		return r;
	fd = dirfd(d);
	b->layer++;
	while (!r && (errno = 0, e = readdir(d))) {
		if (fileio_is_dots(e->d_name))
			continue;
		r = l ? add_lower(b, l, fd, e) : add_upper(b, fd, e);
	}
	return r ? r : -errno;
}

/* The same from the layer's index. */
static int add_indexed(struct build *b, const struct lower *l,
		       const struct tindex_entry *e)
{
	char name[NAME_MAX + 1];
	mode_t mode = tindex_mode(e);
	const char *stored;
	struct stat st;
	int len = tindex_name(l->layer->tindex, e, &stored);

	if (len < 0)
		return -EIO;
	memcpy(name, stored, (size_t)len);
	name[len] = '\0';
	tindex_stat(l->layer->tindex, e, l->dev, &st);
	return add(b, name, st.st_ino + l->layer->ino_base, IFTODT(mode),
		   S_ISCHR(mode) && st.st_rdev == makedev(0, 0));
}

static int read_indexed(struct build *b, struct lower *l)
{
	const struct tindex_entry *e;
	int n = tindex_entries(l->layer->tindex, l->entry, &e), r = 0;

	b->layer++;
	for (int i = 0; i < n && !r; i++)
		r = add_indexed(b, l, &e[i]);
	return n < 0 ? -EIO : r;
}

static int read_lower(struct build *b, struct lower *l)
{
	_cleanup_fdref struct fdref *ref = NULL;
	int fd;

	/* Whiteouts that are attributes are asked of the files themselves. */
	if (l->entry && !l->has_xwhiteouts)
		return read_indexed(b, l);
	fd = lower_dirfd(b->fs, l, &ref);
	return fd < 0 ? fd : read_one(b, l, fd);
}

static int read_all(struct build *b)
{
	struct fdref *ref = NULL;
	int fd, r = 0;

	if (node_flags(b->dir) & NODE_UPPER) {
		fd = node_upper_dir(b->fs, b->dir, &ref);
		r = fd < 0 ? fd : read_one(b, NULL, fd);
		cleanup_fdref(&ref);
	}
	for (unsigned i = 0; !r && !b->opaque && i < b->dir->dir->nlowers;
	     i++)
		r = read_lower(b, b->dir->dir->lowers[i]);
	return r;
}

static int by_name(const void *pa, const void *pb, void *names)
{
	const struct seen *a = pa, *b = pb;
	int r;

	if (a->cookie != b->cookie)
		return a->cookie < b->cookie ? -1 : 1;
	r = strcmp((char *)names + a->name, (char *)names + b->name);
	if (r)
		return r;
	return a->rank < b->rank ? -1 : 1;
}

/* Of each name the topmost counts; whiteouts only hide. */
static int finish(struct build *b, struct listing *l)
{
	const char *names = b->names.data;
	struct seen *s = b->seen, *last = NULL;
	struct listing_entry *e;

	if (b->n)
		qsort_r(s, b->n, sizeof(*s), by_name, b->names.data);
	l->entries = calloc(b->n ? b->n : 1, sizeof(*l->entries));
	if (!l->entries)
		return -ENOMEM;
	for (size_t i = 0; i < b->n; i++) {
		if (last && !strcmp(names + last->name, names + s[i].name))
			continue;
		last = &s[i];
		if (last->whiteout)
			continue;
		e = &l->entries[l->n];
		e->cookie = last->cookie;
		/* Two names with one hash: in the order of the names. */
		if (l->n && e->cookie <= e[-1].cookie)
			e->cookie = e[-1].cookie + 1;
		e->ino = last->ino;
		e->name = last->name;
		e->type = last->type;
		l->n++;
	}
	l->names = take_ptr(b->names.data);
	return 0;
}

int listing_build(struct fs *fs, struct node *dir, struct listing **ret)
{
	struct build b = { .fs = fs, .dir = dir };
	struct listing *l = calloc(1, sizeof(*l));
	int r = l ? read_all(&b) : -ENOMEM;

	if (!r)
		r = finish(&b, l);
	bytes_release(&b.names);
	free(b.seen);
	if (r) {
		free(l);
		return r;
	}
	atomic_init(&l->refs, 1);
	*ret = l;
	return 0;
}

struct listing *listing_get(struct listing *l)
{
	atomic_fetch_add(&l->refs, 1);
	return l;
}

void listing_put(struct listing *l)
{
	if (!l || atomic_fetch_sub(&l->refs, 1) != 1)
		return;
	free(l->entries);
	free(l->names);
	free(l);
}

size_t listing_after(const struct listing *l, uint64_t off)
{
	size_t lo = 0, hi = l->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (l->entries[mid].cookie <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}
