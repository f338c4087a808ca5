// SPDX-License-Identifier: Apache-2.0
/* What a build's threads share of the pool: lock, used variants, names. */
#include "mkimage/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/cleanup.h"
#include "mkimage/pool_name.h"
#include "mkimage/pool_types.h"
#include "mkimage/stop.h"

#define FIRST_USED 1024

int pool_open(int storefd, int asidefd, struct pool **ret)
{
	struct pool *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	pthread_mutex_init(&p->lock, NULL);
	p->asidefd = asidefd;
	p->fd = openat(storefd, POOL_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->fd < 0) {
		r = -errno;
		pool_free(p);
		return r;
	}
	*ret = p;
	return 0;
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	if (p->fd >= 0)
		close(p->fd);
	free(p->used.slots);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

int pool_enter(struct pool *p)
{
	_cleanup_unlock pthread_mutex_t *locked = &p->lock;
	int r = 0;

	pthread_mutex_lock(locked);
	while (!r && !p->users && flock(p->fd, LOCK_SH))
		r = errno == EINTR ? stop_requested() : -errno;
	p->users += !r;
	return r;
}

void pool_leave(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	/* What cannot be unlocked is unlocked by the end. */
	if (!--p->users)
		(void)flock(p->fd, LOCK_UN);
	pthread_mutex_unlock(&p->lock);
}

/* The slot that has it, or where it belongs. */
static uint64_t *slot_of(const struct pool_used *u, uint64_t ino)
{
	size_t i = XXH3_64bits(&ino, sizeof(ino)) & (u->size - 1);

	while (u->slots[i] && u->slots[i] != ino)
		i = (i + 1) & (u->size - 1);
	return &u->slots[i];
}

static int grow_used(struct pool_used *u)
{
	struct pool_used grown = { .size = u->size ? 2 * u->size : FIRST_USED };

	grown.slots = calloc(grown.size, sizeof(*grown.slots));
	if (!grown.slots)
		return -ENOMEM;
	grown.n = u->n;
	for (size_t i = 0; i < u->size; i++)
		if (u->slots[i])
			*slot_of(&grown, u->slots[i]) = u->slots[i];
	free(u->slots);
	*u = grown;
	return 0;
}

int pool_claim(struct pool *p, ino_t ino)
{
	_cleanup_unlock pthread_mutex_t *locked = &p->lock;
	struct pool_used *u = &p->used;
	uint64_t *slot;

	pthread_mutex_lock(locked);
	if (u->n >= u->size / 4 * 3) {
		int r = grow_used(u);

		if (r)
			return r;
	}
	slot = slot_of(u, ino);
	if (*slot)
		return 0;
	*slot = ino;
	u->n++;
	return 1;
}

bool pool_claimed(struct pool *p, ino_t ino)
{
	_cleanup_unlock pthread_mutex_t *locked = &p->lock;

	pthread_mutex_lock(locked);
	return p->used.size && *slot_of(&p->used, ino);
}

void pool_unclaim(struct pool *p, ino_t ino)
{
	_cleanup_unlock pthread_mutex_t *locked = &p->lock;
	struct pool_used *u = &p->used;
	uint64_t *slot, moved;

	pthread_mutex_lock(locked);
	slot = u->size ? slot_of(u, ino) : NULL;
	if (!slot || !*slot)
		return;
	*slot = 0;
	u->n--;
	/* What stands behind may have its place in the gap. */
	for (;;) {
		slot = slot + 1 < u->slots + u->size ? slot + 1 : u->slots;
		if (!*slot)
			return;
		moved = *slot;
		*slot = 0;
		*slot_of(u, moved) = moved;
	}
}

void pool_aside(struct pool *p, char name[static POOL_ASIDE_MAX])
{
	snprintf(name, POOL_ASIDE_MAX, "%u", atomic_fetch_add(&p->serial, 1));
}

int pool_install(struct pool *p, const char *aside, int dirfd,
		 const char *path)
{
	int r;

	if (!renameat(p->asidefd, aside, dirfd, path))
		return 0;
	r = -errno;
	(void)unlinkat(p->asidefd, aside, 0); /* the first error counts */
	return r;
}

uint64_t pool_meta_key(mode_t mode, uint32_t uid, uint32_t gid, uint64_t size,
		       int64_t mtime_sec, uint32_t mtime_nsec)
{
	const uint64_t meta[] = { mode, uid, gid, size, (uint64_t)mtime_sec,
				  mtime_nsec };

	return XXH3_64bits(meta, sizeof(meta)) >> 1;
}
