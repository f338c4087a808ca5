// SPDX-License-Identifier: Apache-2.0
#include "base/table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define FIRST_BUCKETS 16

/* The shard comes from the hash's upper half, the bucket from the lower. */
static uint64_t hash(const struct table_key *key)
{
	return XXH3_64bits(key, sizeof(*key));
}

static bool same_key(const struct table_key *a, const struct table_key *b)
{
	return a->word[0] == b->word[0] && a->word[1] == b->word[1] &&
	       a->word[2] == b->word[2];
}

static struct table_entry **bucket(struct table_shard *s,
				   const struct table_key *key)
{
	return &s->buckets[hash(key) & (s->nbuckets - 1)];
}

int table_init(struct table *t)
{
	int i;

	for (i = 0; i < TABLE_SHARDS; i++) {
		struct table_shard *s = &t->shards[i];

		s->buckets = calloc(FIRST_BUCKETS, sizeof(*s->buckets));
		if (!s->buckets)
			break;
		s->nbuckets = FIRST_BUCKETS;
		s->count = 0;
		pthread_mutex_init(&s->lock, NULL);
	}
	if (i == TABLE_SHARDS)
		return 0;
	while (i-- > 0) {
		pthread_mutex_destroy(&t->shards[i].lock);
		free(t->shards[i].buckets);
	}
	return -ENOMEM;
}

void table_release(struct table *t)
{
	int i;

	for (i = 0; i < TABLE_SHARDS; i++) {
		pthread_mutex_destroy(&t->shards[i].lock);
		free(t->shards[i].buckets);
		t->shards[i].buckets = NULL;
	}
}

struct table_shard *table_lock(struct table *t, const struct table_key *key)
{
	struct table_shard *s = &t->shards[(hash(key) >> 32) % TABLE_SHARDS];

	pthread_mutex_lock(&s->lock);
	return s;
}

void table_unlock(struct table_shard *s)
{
	pthread_mutex_unlock(&s->lock);
}

struct table_entry *table_find(struct table_shard *s,
			       const struct table_key *key)
{
	struct table_entry *e;

	for (e = *bucket(s, key); e; e = e->next)
		if (same_key(&e->key, key))
			return e;
	return NULL;
}

/* Doubles this shard alone: the others' users do not wait. */
static void grow(struct table_shard *s)
{
	size_t i, nold = s->nbuckets;
	struct table_entry **old = s->buckets, **to, *e;

	s->buckets = calloc(2 * nold, sizeof(*s->buckets));
	if (!s->buckets) {
		s->buckets = old;
		return;
	}
	s->nbuckets = 2 * nold;
	for (i = 0; i < nold; i++) {
		while ((e = old[i])) {
			old[i] = e->next;
			to = bucket(s, &e->key);
			e->next = *to;
			*to = e;
		}
	}
	free(old);
}

void table_insert(struct table_shard *s, struct table_entry *e,
		  const struct table_key *key)
{
	struct table_entry **to;

	if (s->count >= s->nbuckets)
		grow(s);
	to = bucket(s, key);
	e->key = *key;
	e->next = *to;
	*to = e;
	s->count++;
}

void table_remove(struct table_shard *s, struct table_entry *e)
{
	struct table_entry **p = bucket(s, &e->key);

	while (*p && *p != e)
		p = &(*p)->next;
	assert(*p == e);
	*p = e->next;
	e->next = NULL;
	s->count--;
}

size_t table_count(struct table *t)
{
	size_t n = 0;
	int i;

	for (i = 0; i < TABLE_SHARDS; i++) {
		pthread_mutex_lock(&t->shards[i].lock);
		n += t->shards[i].count;
		pthread_mutex_unlock(&t->shards[i].lock);
	}
	return n;
}

void table_foreach(struct table *t,
		   void (*fn)(struct table_entry *e, void *arg), void *arg)
{
	struct table_entry *e, *next;
	size_t b;
	int i;

	for (i = 0; i < TABLE_SHARDS; i++) {
		struct table_shard *s = &t->shards[i];

		pthread_mutex_lock(&s->lock);
		for (b = 0; b < s->nbuckets; b++) {
			for (e = s->buckets[b]; e; e = next) {
				next = e->next; /* fn may free e at the end */
				fn(e, arg);
			}
		}
		pthread_mutex_unlock(&s->lock);
	}
}
