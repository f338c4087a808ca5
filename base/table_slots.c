// SPDX-License-Identifier: Apache-2.0
/*
 * The slots of base/table.h.  Nothing here takes a lock.
 *
 * Slots lie in chunks; chunk k holds FIRST_CHUNK << k slots, is made when its
 * first slot is needed and neither moves nor goes away before slots_free().
 * So a look-up may follow a chunk's address without protection.
 *
 * An id is generation << 32 | slot.  A slot's generation starts at 1 and goes
 * up by one when its id ends; a slot whose generations are used up is never
 * given out again.  Ids are therefore never repeated and never below 2^32:
 * small numbers, such as FUSE's root, stay free.
 *
 * Unused slots form a stack.  A thread that takes one off reads the next
 * slot's number before it swaps the head, and in between others may have taken
 * and returned the same slot: the head holds a count that every change moves
 * on, so that the swap fails then.
 */
#include "base/table.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#define FIRST_SHIFT 10
#define FIRST_CHUNK (1u << FIRST_SHIFT)
#define CHUNKS (33 - FIRST_SHIFT)
#define NO_SLOT UINT32_MAX /* so this number is not given out */

struct slot {
	_Atomic(void *) ptr; /* NULL: unused */
	_Atomic uint32_t generation;
	_Atomic uint32_t next; /* in the stack of unused slots */
};

struct slots {
	_Atomic(struct slot *) chunks[CHUNKS];
	_Atomic uint64_t unused; /* count << 32 | topmost slot or NO_SLOT */
	_Atomic uint32_t fresh;	 /* this and all above were never used */
	_Atomic size_t count;
};

/* Adding FIRST_CHUNK makes the topmost bit tell the chunk and the rest the
 * place in it. */
static unsigned int chunk_of(uint32_t n, uint64_t *ret_place)
{
	uint64_t v = (uint64_t)n + FIRST_CHUNK;
	unsigned int top = 63 - __builtin_clzll(v);

	*ret_place = v - (1ull << top);
	return top - FIRST_SHIFT;
}

/* NULL if its chunk was never made. */
static struct slot *slot_at(struct slots *s, uint32_t n)
{
	uint64_t place;
	unsigned int k = chunk_of(n, &place);
	struct slot *chunk = atomic_load_explicit(&s->chunks[k],
						  memory_order_acquire);

	return chunk ? &chunk[place] : NULL;
}

/* The slot, its chunk made if need be. */
static struct slot *make_slot(struct slots *s, uint32_t n)
{
	struct slot *chunk, *expected = NULL, *found = slot_at(s, n);
	uint64_t place;
	unsigned int k;

	if (found)
		return found;
	k = chunk_of(n, &place);
	/* Large chunks come as untouched pages: no memory before use. */
	chunk = calloc((size_t)FIRST_CHUNK << k, sizeof(*chunk));
	if (!chunk)
		return NULL;
	if (!atomic_compare_exchange_strong_explicit(
		    &s->chunks[k], &expected, chunk, memory_order_acq_rel,
		    memory_order_acquire)) {
		free(chunk); /* another thread was first */
		chunk = expected;
	}
	return &chunk[place];
}

int slots_new(struct slots **ret, uint32_t first)
{
	struct slots *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	atomic_init(&s->unused, NO_SLOT);
	atomic_init(&s->fresh, first);
	*ret = s;
	return 0;
}

void slots_free(struct slots *s)
{
	int k;

	if (!s)
		return;
	for (k = 0; k < CHUNKS; k++)
		free(atomic_load(&s->chunks[k]));
	free(s);
}

static uint64_t next_head(uint64_t head, uint32_t n)
{
	return ((head >> 32) + 1) << 32 | n;
}

/* A slot that was used before, or NULL. */
static struct slot *take_used(struct slots *s, uint32_t *ret_n)
{
	uint64_t head = atomic_load_explicit(&s->unused, memory_order_acquire);
	struct slot *slot;
	uint32_t n, next;

	do {
		n = (uint32_t)head;
		if (n == NO_SLOT)
			return NULL;
		slot = slot_at(s, n);
		next = atomic_load_explicit(&slot->next, memory_order_relaxed);
	} while (!atomic_compare_exchange_weak_explicit(
		&s->unused, &head, next_head(head, next), memory_order_acq_rel,
		memory_order_acquire));
	*ret_n = n;
	return slot;
}

/* The chunk is made first, so that a failure uses up no number. */
static int take_fresh(struct slots *s, uint32_t *ret_n, struct slot **ret)
{
	uint32_t n = atomic_load_explicit(&s->fresh, memory_order_relaxed);
	struct slot *slot;

	do {
		if (n == NO_SLOT)
			return -ENFILE;
		slot = make_slot(s, n);
		if (!slot)
			return -ENOMEM;
	} while (!atomic_compare_exchange_weak_explicit(
		&s->fresh, &n, n + 1, memory_order_relaxed,
		memory_order_relaxed));
	atomic_store_explicit(&slot->generation, 1, memory_order_relaxed);
	*ret_n = n;
	*ret = slot;
	return 0;
}

int slots_add(struct slots *s, void *ptr, uint64_t *ret_id)
{
	uint32_t n, generation;
	struct slot *slot;
	int err;

	assert(ptr);
	slot = take_used(s, &n);
	if (!slot) {
		err = take_fresh(s, &n, &slot);
		if (err)
			return err;
	}
	generation = atomic_load_explicit(&slot->generation,
					  memory_order_relaxed);
	atomic_fetch_add_explicit(&s->count, 1, memory_order_relaxed);
	/* Release: who reads the pointer sees the generation, and what the
	 * caller wrote to the object. */
	atomic_store_explicit(&slot->ptr, ptr, memory_order_release);
	*ret_id = (uint64_t)generation << 32 | n;
	return 0;
}

/*
 * Pointer first, generation second: a pointer that was put in after this id
 * had ended is read together with the later generation, and does not match.
 */
void *slots_get(struct slots *s, uint64_t id)
{
	struct slot *slot = slot_at(s, (uint32_t)id);
	void *ptr;

	if (!slot)
		return NULL;
	ptr = atomic_load_explicit(&slot->ptr, memory_order_acquire);
	if (atomic_load_explicit(&slot->generation, memory_order_relaxed) !=
	    id >> 32)
		return NULL;
	return ptr;
}

void slots_remove(struct slots *s, uint64_t id)
{
	struct slot *slot = slot_at(s, (uint32_t)id);
	uint32_t generation = (uint32_t)(id >> 32);
	uint64_t head;

	assert(slot && atomic_load(&slot->ptr) &&
	       atomic_load(&slot->generation) == generation);
	atomic_store_explicit(&slot->ptr, NULL, memory_order_release);
	/* After the last generation comes 0, which no id has. */
	atomic_store_explicit(&slot->generation, generation + 1,
			      memory_order_release);
	atomic_fetch_sub_explicit(&s->count, 1, memory_order_relaxed);
	if (generation == UINT32_MAX)
		return;
	head = atomic_load_explicit(&s->unused, memory_order_relaxed);
	do {
		atomic_store_explicit(&slot->next, (uint32_t)head,
				      memory_order_relaxed);
	} while (!atomic_compare_exchange_weak_explicit(
		&s->unused, &head, next_head(head, (uint32_t)id),
		memory_order_acq_rel, memory_order_relaxed));
}

void slots_foreach(struct slots *s, void (*fn)(uint64_t id, void *arg),
		   void *arg)
{
	const uint32_t end = atomic_load(&s->fresh);
	struct slot *slot;

	for (uint32_t n = 0; n < end; n++) {
		slot = slot_at(s, n);
		if (slot && atomic_load(&slot->ptr))
			fn((uint64_t)atomic_load(&slot->generation) << 32 | n,
			   arg);
	}
}

size_t slots_count(struct slots *s)
{
	return atomic_load_explicit(&s->count, memory_order_relaxed);
}
