/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table for many threads, and a table of numbered slots.
 *
 * struct table maps a fixed-size key to an object that embeds a struct
 * table_entry.  It is cut into shards with a mutex each, so that no lock is
 * common to all look-ups (xxHash chooses the shard and the bucket).
 *
 * struct slots gives out 64-bit ids for pointers.  An id is never given out
 * twice by one table (slot number plus a generation), look-ups take no lock.
 *
 * Thread safety: all functions, unless said otherwise.  Ownership: tables own
 * nothing that is put into them.  Errors: negative errno.
 */
#ifndef STENCIL_BASE_TABLE_H
#define STENCIL_BASE_TABLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TABLE_SHARDS 64

/* Keys are 24 bytes, compared as a whole: unused bytes must be zero. */
struct table_key {
	uint64_t word[3];
};

struct table_entry {
	struct table_entry *next; /* protected by the shard's lock */
	struct table_key key;	  /* the same */
};

struct table_shard {
	pthread_mutex_t lock;
	struct table_entry **buckets;
	size_t nbuckets; /* a power of two */
	size_t count;
};

struct table {
	struct table_shard shards[TABLE_SHARDS];
};

/* -ENOMEM. */
int table_init(struct table *t);
/* No other thread may use the table any more. */
void table_release(struct table *t);

/*
 * Locks the shard of `key` and returns it.  The table_* functions below that
 * take a shard need it locked; table_unlock() ends it.
 */
struct table_shard *table_lock(struct table *t, const struct table_key *key);
void table_unlock(struct table_shard *s);

/* The entry with this key, or NULL. */
struct table_entry *table_find(struct table_shard *s,
			       const struct table_key *key);
/* The key must not be in the table.  Never fails: without memory to grow,
 * chains grow longer. */
void table_insert(struct table_shard *s, struct table_entry *e,
		  const struct table_key *key);
/* The entry must be in the shard. */
void table_remove(struct table_shard *s, struct table_entry *e);

/* Number of entries; a snapshot. */
size_t table_count(struct table *t);

/* Calls fn for each entry, a shard locked at a time; fn must not call back. */
void table_foreach(struct table *t,
		   void (*fn)(struct table_entry *e, void *arg), void *arg);

struct slots;

/* `first` is the first slot number given out (ids below stay unused). */
int slots_new(struct slots **ret, uint32_t first);
void slots_free(struct slots *s);

/* A new id for `ptr` (not NULL).  -ENOMEM, -ENFILE when all slot numbers
 * are used up. */
int slots_add(struct slots *s, void *ptr, uint64_t *ret_id);

/* The pointer, or NULL if the id is not in use.  The caller must know, by a
 * reference of its own, that the object cannot be freed meanwhile. */
void *slots_get(struct slots *s, uint64_t id);

/* Ends the id.  It must be in use. */
void slots_remove(struct slots *s, uint64_t id);

/* Calls fn for each id in use; fn may end it.  No other thread works on it. */
void slots_foreach(struct slots *s, void (*fn)(uint64_t id, void *arg),
		   void *arg);

/* Number of ids in use; a snapshot. */
size_t slots_count(struct slots *s);

#endif
