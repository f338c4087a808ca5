// SPDX-License-Identifier: Apache-2.0
/* The hash table and the slots, alone and under many threads. */
#include "base/table.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#define THREADS 8

struct item {
	struct table_entry entry;
	int value;
};

static struct table_key key_of(uint64_t a, uint64_t b, uint64_t c)
{
	return (struct table_key){ { a, b, c } };
}

static struct item *find(struct table *t, struct table_key key)
{
	struct table_shard *s = table_lock(t, &key);
	struct table_entry *e = table_find(s, &key);

	table_unlock(s);
	return (struct item *)e;
}

static void insert(struct table *t, struct item *item, struct table_key key)
{
	struct table_shard *s = table_lock(t, &key);

	assert_null(table_find(s, &key));
	table_insert(s, &item->entry, &key);
	table_unlock(s);
}

static void take_out(struct table *t, struct item *item)
{
	struct table_key key = item->entry.key;
	struct table_shard *s = table_lock(t, &key);

	table_remove(s, &item->entry);
	table_unlock(s);
}

static void add_value(struct table_entry *e, void *arg)
{
	*(long *)arg += ((struct item *)e)->value;
}

static void free_item(struct table_entry *e, void *arg)
{
	free(e);
}

static void test_many(void **state)
{
	const int n = 100000;
	struct item *items = calloc(n, sizeof(*items));
	struct table t;
	long sum = 0;
	int i;

	assert_int_equal(table_init(&t), 0);
	for (i = 0; i < n; i++) {
		items[i].value = i;
		insert(&t, &items[i], key_of(i / 7, i % 7, 0));
	}
	assert_int_equal(table_count(&t), n);
	for (i = 0; i < n; i++)
		assert_ptr_equal(find(&t, key_of(i / 7, i % 7, 0)), &items[i]);
	assert_null(find(&t, key_of(0, 0, 1)));
	table_foreach(&t, add_value, &sum);
	assert_int_equal(sum, (long)n * (n - 1) / 2);
	for (i = 0; i < n; i += 2)
		take_out(&t, &items[i]);
	for (i = 0; i < n; i++)
		assert_ptr_equal(find(&t, key_of(i / 7, i % 7, 0)),
				 i % 2 ? &items[i] : NULL);
	assert_int_equal(table_count(&t), n / 2);
	table_release(&t);
	free(items);
}

/* What a key differs in must not matter. */
static void test_every_bit_counts(void **state)
{
	struct item items[193] = { 0 };
	struct table_key key;
	struct table t;
	int i;

	assert_int_equal(table_init(&t), 0);
	insert(&t, &items[192], key_of(0, 0, 0));
	for (i = 0; i < 192; i++) {
		key = key_of(0, 0, 0);
		key.word[i / 64] = 1ull << i % 64;
		insert(&t, &items[i], key);
	}
	for (i = 0; i < 192; i++) {
		key = key_of(0, 0, 0);
		key.word[i / 64] = 1ull << i % 64;
		assert_ptr_equal(find(&t, key), &items[i]);
	}
	assert_int_equal(table_count(&t), 193);
	table_release(&t);
}

static void test_foreach_may_free(void **state)
{
	struct table t;
	int i;

	assert_int_equal(table_init(&t), 0);
	for (i = 0; i < 1000; i++)
		insert(&t, calloc(1, sizeof(struct item)), key_of(i, i, i));
	table_foreach(&t, free_item, NULL);
	table_release(&t);
}

struct table_job {
	struct table *t;
	int number;
	long faults;
};

#define PER_THREAD 5000
#define SHARED 64

/* Own keys come and go; under shared keys the first thread's item stays. */
static void *work_on_table(void *arg)
{
	struct item *items = calloc(PER_THREAD, sizeof(*items));
	struct table_job *job = arg;
	struct table_shard *s;
	struct table_key key;
	struct item *shared;
	int i, round;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < PER_THREAD; i++) {
			key = key_of(job->number + 1, i, 0);
			s = table_lock(job->t, &key);
			job->faults += table_find(s, &key) != NULL;
			table_insert(s, &items[i].entry, &key);
			table_unlock(s);

			key = key_of(0, i % SHARED, 1);
			s = table_lock(job->t, &key);
			shared = (struct item *)table_find(s, &key);
			if (!shared) {
				shared = calloc(1, sizeof(*shared));
				table_insert(s, &shared->entry, &key);
			}
			shared->value++;
			table_unlock(s);
		}
		for (i = 0; i < PER_THREAD; i++) {
			key = key_of(job->number + 1, i, 0);
			s = table_lock(job->t, &key);
			job->faults += table_find(s, &key) != &items[i].entry;
			table_remove(s, &items[i].entry);
			table_unlock(s);
		}
	}
	free(items);
	return NULL;
}

static void test_threads(void **state)
{
	struct table_job jobs[THREADS];
	pthread_t threads[THREADS];
	struct table t;
	long sum = 0;
	int i;

	assert_int_equal(table_init(&t), 0);
	for (i = 0; i < THREADS; i++) {
		jobs[i] = (struct table_job){ &t, i, 0 };
		assert_int_equal(pthread_create(&threads[i], NULL,
						work_on_table, &jobs[i]), 0);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(jobs[i].faults, 0);
	}
	assert_int_equal(table_count(&t), SHARED);
	table_foreach(&t, add_value, &sum);
	assert_int_equal(sum, 3L * THREADS * PER_THREAD);
	table_foreach(&t, free_item, NULL);
	table_release(&t);
}

static void test_slots_ids(void **state)
{
	struct slots *s;
	uint64_t a, b, c;
	int x, y;

	assert_int_equal(slots_new(&s, 2), 0);
	assert_int_equal(slots_count(s), 0);
	assert_null(slots_get(s, 1));
	assert_null(slots_get(s, 0));
	assert_null(slots_get(s, UINT64_MAX));
	assert_int_equal(slots_add(s, &x, &a), 0);
	assert_int_equal(slots_add(s, &y, &b), 0);
	assert_true(a == (1ull << 32 | 2) && b == (1ull << 32 | 3));
	assert_ptr_equal(slots_get(s, a), &x);
	assert_ptr_equal(slots_get(s, b), &y);
	assert_int_equal(slots_count(s), 2);
	slots_remove(s, a);
	assert_null(slots_get(s, a));
	/* The slot again, the id never. */
	assert_int_equal(slots_add(s, &y, &c), 0);
	assert_true(c == (2ull << 32 | 2));
	assert_null(slots_get(s, a));
	assert_ptr_equal(slots_get(s, c), &y);
	slots_free(s);
	slots_free(NULL);
}

static void test_slots_many(void **state)
{
	const size_t n = 300000;
	uint64_t *ids = calloc(n, sizeof(*ids));
	char *objects = calloc(n, 1);
	struct slots *s;
	size_t i;

	assert_int_equal(slots_new(&s, 0), 0);
	for (i = 0; i < n; i++) {
		assert_int_equal(slots_add(s, &objects[i], &ids[i]), 0);
		assert_true(ids[i] >> 32);
	}
	for (i = 0; i < n; i++)
		assert_ptr_equal(slots_get(s, ids[i]), &objects[i]);
	assert_int_equal(slots_count(s), n);
	for (i = 0; i < n; i++)
		slots_remove(s, ids[i]);
	for (i = 0; i < n; i++)
		assert_null(slots_get(s, ids[i]));
	assert_int_equal(slots_count(s), 0);
	slots_free(s);
	free(objects);
	free(ids);
}

static void test_slots_end(void **state)
{
	struct slots *s;
	uint64_t id;
	int x;

	/* The last number but one: the chunks' sizes add up.  Its chunk would
	 * hold 2^31 slots, which not every machine promises. */
	assert_int_equal(slots_new(&s, UINT32_MAX), 0);
	assert_int_equal(slots_add(s, &x, &id), -ENFILE);
	assert_int_equal(slots_count(s), 0);
	slots_free(s);
}

#define WINDOW 64
#define ROUNDS 20000

struct object {
	uint64_t id;
	int owner;
};

struct slots_job {
	struct slots *s;
	_Atomic uint64_t *published; /* the last id of each thread */
	int number;
	long faults;
};

/*
 * Adds, looks up and removes; what one thread removed another takes at once.
 * Looks at others' ids as well, which may have ended: then there must be no
 * pointer, and never the pointer of a later id.  (Objects are freed at the
 * end, so that a pointer may be looked into.)
 */
static void *work_on_slots(void *arg)
{
	struct object *objects = calloc(ROUNDS, sizeof(*objects));
	struct slots_job *job = arg;
	struct object *o;
	uint64_t other;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		o = &objects[i];
		o->owner = job->number;
		if (slots_add(job->s, o, &o->id))
			job->faults++;
		job->faults += slots_get(job->s, o->id) != o;
		atomic_store(&job->published[job->number], o->id);
		other = atomic_load(&job->published[i % THREADS]);
		o = slots_get(job->s, other);
		if (o && i % THREADS != job->number)
			job->faults += o->owner != i % THREADS;
		if (i >= WINDOW) {
			o = &objects[i - WINDOW];
			slots_remove(job->s, o->id);
			job->faults += slots_get(job->s, o->id) != NULL;
		}
	}
	return objects;
}

static int compare_ids(const void *a, const void *b)
{
	uint64_t x = ((const struct object *)a)->id;
	uint64_t y = ((const struct object *)b)->id;

	return x < y ? -1 : x > y;
}

static void test_slots_threads(void **state)
{
	struct object *all = calloc(THREADS * ROUNDS, sizeof(*all));
	void *objects[THREADS];
	_Atomic uint64_t published[THREADS] = { 0 };
	struct slots_job jobs[THREADS];
	pthread_t threads[THREADS];
	struct slots *s;
	int i;

	assert_int_equal(slots_new(&s, 1), 0);
	for (i = 0; i < THREADS; i++) {
		jobs[i] = (struct slots_job){ s, published, i, 0 };
		assert_int_equal(pthread_create(&threads[i], NULL,
						work_on_slots, &jobs[i]), 0);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &objects[i]);
		assert_int_equal(jobs[i].faults, 0);
		memcpy(&all[i * ROUNDS], objects[i], ROUNDS * sizeof(*all));
	}
	assert_int_equal(slots_count(s), THREADS * WINDOW);
	/* No id was given out twice. */
	qsort(all, THREADS * ROUNDS, sizeof(*all), compare_ids);
	for (i = 1; i < THREADS * ROUNDS; i++)
		assert_true(all[i - 1].id < all[i].id);
	slots_free(s);
	for (i = 0; i < THREADS; i++)
		free(objects[i]);
	free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_every_bit_counts),
		cmocka_unit_test(test_foreach_may_free),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_slots_ids),
		cmocka_unit_test(test_slots_many),
		cmocka_unit_test(test_slots_end),
		cmocka_unit_test(test_slots_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
