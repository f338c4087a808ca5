/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/fdcache.h"

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

static void slot_lock(struct fdslot *s)
{
	while (atomic_flag_test_and_set_explicit(&s->lock,
						 memory_order_acquire))
		sched_yield();
}

static void slot_unlock(struct fdslot *s)
{
	atomic_flag_clear_explicit(&s->lock, memory_order_release);
}

void fdcache_init(struct fdcache *c, size_t limit)
{
	pthread_mutex_init(&c->lock, NULL);
	c->hand = NULL;
	c->count = 0;
	c->limit = limit;
}

void fdcache_release(struct fdcache *c)
{
	pthread_mutex_destroy(&c->lock);
}

void fdslot_init(struct fdslot *s)
{
	atomic_flag_clear(&s->lock);
	s->ref = NULL;
}

void fdcache_put(struct fdref *r)
{
	if (atomic_fetch_sub(&r->users, 1) != 1)
		return;
	close(r->fd);
	free(r);
}

struct fdref *fdref_new(int fd)
{
	struct fdref *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->fd = fd;
	atomic_init(&r->users, 1);
	return r;
}

struct fdref *fdref_get(struct fdref *r)
{
	atomic_fetch_add(&r->users, 1);
	return r;
}

struct fdref *fdcache_get(struct fdslot *s)
{
	struct fdref *r;

	slot_lock(s);
	r = s->ref;
	if (r) {
		atomic_fetch_add(&r->users, 1);
		atomic_store_explicit(&r->recent, true, memory_order_relaxed);
	}
	slot_unlock(s);
	return r;
}

/* Takes r out of the ring and out of its slot; the ring is locked. */
static void detach(struct fdcache *c, struct fdref *r)
{
	struct fdslot *s = r->owner;

	if (r->next == r) {
		c->hand = NULL;
	} else {
		r->prev->next = r->next;
		r->next->prev = r->prev;
		if (c->hand == r)
			c->hand = r->next;
	}
	c->count--;
	slot_lock(s);
	s->ref = NULL;
	slot_unlock(s);
}

/* The second-chance clock: what was not used for a round goes. */
static struct fdref *evict_one(struct fdcache *c)
{
	struct fdref *r;

	while (atomic_exchange(&c->hand->recent, false))
		c->hand = c->hand->next;
	r = c->hand;
	detach(c, r);
	return r;
}

struct fdref *fdcache_add(struct fdcache *c, struct fdslot *s, int fd)
{
	struct fdref *r = malloc(sizeof(*r)), *old, *out = NULL;

	if (!r) {
		close(fd);
		return NULL;
	}
	r->fd = fd;
	atomic_init(&r->users, 2);
	atomic_init(&r->recent, true);
	r->owner = s;

	pthread_mutex_lock(&c->lock);
	slot_lock(s);
	old = s->ref;
	if (old)
		atomic_fetch_add(&old->users, 1);
	else
		s->ref = r;
	slot_unlock(s);
	if (!old) {
		if (c->count >= c->limit)
			out = evict_one(c);
		if (c->hand) {
			r->next = c->hand;
			r->prev = c->hand->prev;
			r->prev->next = r;
			r->next->prev = r;
		} else {
			c->hand = r->next = r->prev = r;
		}
		c->count++;
	}
	pthread_mutex_unlock(&c->lock);
	if (out)
		fdcache_put(out);
	if (old) {
		close(fd);
		free(r);
		return old;
	}
	return r;
}

void fdcache_clear(struct fdcache *c, struct fdslot *s)
{
	struct fdref *r;

	pthread_mutex_lock(&c->lock);
	slot_lock(s);
	r = s->ref;
	slot_unlock(s);
	if (r)
		detach(c, r);
	pthread_mutex_unlock(&c->lock);
	if (r)
		fdcache_put(r);
}
