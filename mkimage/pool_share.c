// SPDX-License-Identifier: Apache-2.0
/*
 * Linking to the pool before anything is written: the file is in memory, or
 * the memo knows where it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "base/manifest.h"
#include "mkimage/content.h"
#include "mkimage/memo.h"
#include "mkimage/meta.h"
#include "mkimage/pool_name.h"
#include "mkimage/pool_types.h"

#define SHARE_TRIES 16 /* of one digest's variants; pool_place() tries all */
#define FIND_TRIES 64  /* a look each, no more */
#define STATX_WANTED (STATX_BASIC_STATS | STATX_BTIME)

struct sharing {
	struct pool *pool;
	int dirfd;
	const char *name;
	const struct manifest_entry *entry;
	const struct chunk *data;
	char variant_name[POOL_NAME_MAX];
	unsigned int variant; /* in work, and its state */
	struct statx stx;
};

static struct memo_place place_of(const struct statx *stx)
{
	return (struct memo_place){
		.ino = stx->stx_ino,
		.btime_sec = stx->stx_btime.tv_sec,
		.btime_nsec = stx->stx_btime.tv_nsec,
	};
}

int pool_where(int dirfd, const char *name, struct memo_place *ret)
{
	int flags = AT_SYMLINK_NOFOLLOW | (name ? 0 : AT_EMPTY_PATH);
	struct statx stx;

	if (statx(dirfd, name ? name : "", flags, STATX_WANTED, &stx))
		return -errno;
	*ret = place_of(&stx);
	return 0;
}

/* Looks at a variant: 1, 0 if there is none of that number, -errno. */
static int look(struct sharing *s, unsigned int variant)
{
	s->variant = variant;
	pool_name(s->variant_name, &s->entry->sha1, variant);
	if (!statx(s->pool->fd, s->variant_name, AT_SYMLINK_NOFOLLOW,
		   STATX_WANTED, &s->stx))
		return 1;
	return errno == ENOENT ? 0 : -errno;
}

static bool same_stat(const struct statx *stx, const struct manifest_entry *e)
{
	return stx->stx_mode == e->mode && stx->stx_uid == e->uid &&
	       stx->stx_gid == e->gid && stx->stx_size == e->size &&
	       stx->stx_mtime.tv_sec == e->mtime_sec &&
	       stx->stx_mtime.tv_nsec == e->mtime_nsec;
}

static uint64_t entry_key(const struct manifest_entry *e)
{
	return pool_meta_key(e->mode, e->uid, e->gid, e->size, e->mtime_sec,
			     e->mtime_nsec);
}

static struct pool_hint *hint_of(struct pool *p,
				 const struct manifest_entry *e, uint64_t key)
{
	uint32_t i;

	memcpy(&i, e->sha1.bytes, sizeof(i));
	return &p->hints[(i ^ key) % POOL_HINTS];
}

static unsigned int first_variant(struct pool *p,
				  const struct manifest_entry *e)
{
	_cleanup_unlock pthread_mutex_t *locked = &p->lock;
	uint64_t key = entry_key(e);
	const struct pool_hint *h = hint_of(p, e, key);

	pthread_mutex_lock(locked);
	if (h->key != key || memcmp(&h->sha1, &e->sha1, sizeof(e->sha1)))
		return 0;
	return h->variant;
}

static void set_hint(struct pool *p, const struct manifest_entry *e,
		     unsigned int variant)
{
	uint64_t key = entry_key(e);

	pthread_mutex_lock(&p->lock);
	*hint_of(p, e, key) = (struct pool_hint){ e->sha1, key, variant };
	pthread_mutex_unlock(&p->lock);
}

/* Attributes and bytes, of a variant whose metadata agree: 1, 0 or -errno. */
static int agrees(const struct sharing *s)
{
	_cleanup_fd int fd = openat(s->pool->fd, s->variant_name,
				    O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = meta_equal_xattrs(fd, s->entry);
	return r <= 0 ? r : content_equal(fd, s->data, s->entry->size);
}

/* One variant: 1 linked, 0 go on, -errno.  *used if it is of no use for any
 * file like this. */
static int try_variant(struct sharing *s, bool *used)
{
	int r;

	*used = true;
	if (!same_stat(&s->stx, s->entry) ||
	    pool_claimed(s->pool, s->stx.stx_ino))
		return 0;
	*used = false;
	r = agrees(s);
	if (r <= 0)
		return r;
	/* Another thread may have been faster. */
	r = pool_claim(s->pool, s->stx.stx_ino);
	if (r <= 0)
		return r;
	*used = true;
	if (!linkat(s->pool->fd, s->variant_name, s->dirfd, s->name, 0))
		return 1;
	return errno == EMLINK ? 0 : -errno;
}

static int try_all(struct sharing *s, unsigned int first)
{
	unsigned int known = first;
	bool used;
	int r = 0;

	for (unsigned int v = first; v < first + SHARE_TRIES && !r; v++) {
		r = look(s, v);
		if (r <= 0)
			break;
		r = try_variant(s, &used);
		if (used && known == v)
			known = v + 1;
	}
	if (known != first)
		set_hint(s->pool, s->entry, known);
	return r;
}

int pool_share(struct pool *p, int dirfd, const char *name,
	       const struct manifest_entry *e, const struct chunk *data,
	       struct memo_place *ret_place)
{
	struct sharing s = { .pool = p, .dirfd = dirfd, .name = name,
			     .entry = e, .data = data };
	unsigned int first = first_variant(p, e);
	/* Most files are new; that needs no lock. */
	int r = look(&s, first);

	if (r <= 0)
		return r;
	r = pool_enter(p);
	if (r)
		return r;
	r = try_all(&s, first);
	pool_leave(p);
	if (r > 0) {
		*ret_place = place_of(&s.stx);
		ret_place->variant = s.variant;
	}
	return r;
}

static bool is_at(const struct sharing *s, const struct memo_place *at)
{
	struct memo_place place = place_of(&s->stx);

	return place.ino == at->ino && place.btime_sec == at->btime_sec &&
	       place.btime_nsec == at->btime_nsec;
}

int pool_find(struct pool *p, const struct manifest_entry *e,
	      const struct memo_place *at, unsigned int *ret_variant)
{
	struct sharing s = { .pool = p, .entry = e };
	bool found = false;
	int r = look(&s, at->variant);

	found = r > 0 && is_at(&s, at);
	/* Variants are renumbered when one before them is removed. */
	for (unsigned int v = 0; v < FIND_TRIES && !found; v++) {
		r = look(&s, v);
		if (r <= 0)
			break;
		found = is_at(&s, at);
	}
	if (!found)
		return r < 0 ? r : 0;
	r = same_stat(&s.stx, e) ? pool_claim(p, s.stx.stx_ino) : 0;
	if (r > 0)
		*ret_variant = s.variant;
	return r;
}

/* The file fd, in all, as a new one aside, which is put at `path`. */
static int copy_to(struct pool *p, int from, int dirfd, const char *path)
{
	char aside[POOL_ASIDE_MAX];
	_cleanup_fd int fd = -1;
	struct stat st;
	off_t copied;
	int r;

	pool_aside(p, aside);
	fd = openat(p->asidefd, aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return -errno;
	r = fstat(from, &st) ? -errno : 0;
	if (!r)
		r = fileio_copy_data(from, fd, st.st_size, &copied);
	if (r >= 0)
		r = meta_copy(from, fd);
	if (r) {
		(void)unlinkat(p->asidefd, aside, 0); /* r is to be told */
		return r;
	}
	return pool_install(p, aside, dirfd, path);
}

int pool_link(struct pool *p, int dirfd, const char *name,
	      const struct sha1 *sha1, unsigned int variant)
{
	char variant_name[POOL_NAME_MAX];
	_cleanup_fd int fd = -1;
	int r;

	pool_name(variant_name, sha1, variant);
	if (!linkat(p->fd, variant_name, dirfd, name, 0))
		return POOL_LINKED;
	if (errno != EMLINK)
		return -errno;
	fd = openat(p->fd, variant_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = copy_to(p, fd, dirfd, name);
	return r ? r : POOL_COPIED;
}

int pool_unshare(struct pool *p, int dirfd, const char *name)
{
	_cleanup_fd int fd = openat(dirfd, name,
				    O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	r = copy_to(p, fd, dirfd, name);
	if (!r)
		pool_unclaim(p, st.st_ino);
	return r;
}
