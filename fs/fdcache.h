/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors of directories, kept while they are useful.  A known directory
 * does not own a descriptor: it owns a slot, which may hold one.  So a million
 * known inodes need no more descriptors than the cache's limit, and most
 * look-ups cost no open(2).
 *
 * Thread safety: all functions.  A slot has a lock of its own; the ring of all
 * held descriptors has one lock, taken when a descriptor enters or leaves the
 * cache, never on a hit.  Order: ring, then slot (docs/locking.md).
 * Ownership: fdcache_get() and fdcache_add() return a reference that
 * fdcache_put() ends; the descriptor is closed with the last one.
 * Errors: negative errno.
 */
#ifndef STENCIL_FS_FDCACHE_H
#define STENCIL_FS_FDCACHE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct fdslot;

struct fdref {
	int fd;
	atomic_uint users;	  /* the slot's and each holder's */
	atomic_bool recent;	  /* used since the clock's hand passed */
	struct fdslot *owner;	  /* protected by the ring's lock */
	struct fdref *prev, *next; /* the ring; protected by its lock */
};

struct fdslot {
	atomic_flag lock; /* held for a few instructions only */
	struct fdref *ref; /* protected by lock */
};

struct fdcache {
	pthread_mutex_t lock;
	struct fdref *hand; /* protected by lock */
	size_t count, limit;
};

void fdcache_init(struct fdcache *c, size_t limit);
/* All slots must have been cleared. */
void fdcache_release(struct fdcache *c);

void fdslot_init(struct fdslot *s);

/* The descriptor held by the slot, or NULL. */
struct fdref *fdcache_get(struct fdslot *s);

/* Puts fd into the slot (or, if another thread was first, closes it and takes
 * what is there).  Takes ownership of fd in any case.  NULL without memory. */
struct fdref *fdcache_add(struct fdcache *c, struct fdslot *s, int fd);

void fdcache_put(struct fdref *r);

/* A counted descriptor outside of any cache.  Owns fd on success; NULL without
 * memory. */
struct fdref *fdref_new(int fd);
struct fdref *fdref_get(struct fdref *r);

/* Empties the slot, before its owner is freed or when it is no longer true. */
void fdcache_clear(struct fdcache *c, struct fdslot *s);

static inline void cleanup_fdref(struct fdref **r)
{
	if (*r)
		fdcache_put(*r);
}
#define _cleanup_fdref __attribute__((cleanup(cleanup_fdref)))

#endif
