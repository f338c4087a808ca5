/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/fdcache.h"

#include "tests/unit/unit.h"

#define SLOTS 64
#define LIMIT 16
#define THREADS 8
#define ROUNDS 20000

static struct fdcache cache;
static struct fdslot slots[SLOTS];

static int open_dir(void)
{
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void begin(size_t limit)
{
	fdcache_init(&cache, limit);
	for (int i = 0; i < SLOTS; i++)
		fdslot_init(&slots[i]);
}

static void end(void)
{
	for (int i = 0; i < SLOTS; i++)
		fdcache_clear(&cache, &slots[i]);
	assert_int_equal(cache.count, 0);
	fdcache_release(&cache);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void test_keeps_and_clears(void **state)
{
	struct fdref *r, *again;
	int fd;

	begin(LIMIT);
	assert_null(fdcache_get(&slots[0]));
	r = fdcache_add(&cache, &slots[0], open_dir());
	assert_non_null(r);
	again = fdcache_get(&slots[0]);
	assert_ptr_equal(again, r);
	fd = r->fd;
	fdcache_put(again);
	fdcache_clear(&cache, &slots[0]);
	assert_null(fdcache_get(&slots[0]));
	/* Who holds it may go on. */
	assert_true(is_open(fd));
	fdcache_put(r);
	assert_false(is_open(fd));
	end();
}

/* The second to come takes what is there; its own descriptor is closed. */
static void test_two_at_once(void **state)
{
	struct fdref *first, *second;
	int fd;

	begin(LIMIT);
	first = fdcache_add(&cache, &slots[3], open_dir());
	fd = open_dir();
	second = fdcache_add(&cache, &slots[3], fd);
	assert_ptr_equal(first, second);
	assert_false(is_open(fd));
	fdcache_put(first);
	fdcache_put(second);
	assert_int_equal(cache.count, 1);
	end();
}

static void test_limit(void **state)
{
	int held = 0;

	begin(LIMIT);
	for (int i = 0; i < SLOTS; i++)
		fdcache_put(fdcache_add(&cache, &slots[i], open_dir()));
	assert_int_equal(cache.count, LIMIT);
	for (int i = 0; i < SLOTS; i++) {
		struct fdref *r = fdcache_get(&slots[i]);

		if (!r)
			continue;
		assert_true(is_open(r->fd));
		fdcache_put(r);
		held++;
	}
	assert_int_equal(held, LIMIT);
	end();
}

static void *hammer(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg;

	for (int i = 0; i < ROUNDS; i++) {
		struct fdslot *s = &slots[rand_r(&seed) % SLOTS];
		struct fdref *r = fdcache_get(s);

		if (!r)
			r = fdcache_add(&cache, s,
					open("/", O_PATH | O_CLOEXEC));
		if (!r || !is_open(r->fd))
			return arg;
		fdcache_put(r);
		if (rand_r(&seed) % 97 == 0)
			fdcache_clear(&cache, s);
	}
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[THREADS];
	void *failed;

	begin(LIMIT);
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hammer,
						(void *)(i + 1)),
				 0);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	assert_true(cache.count <= LIMIT);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keeps_and_clears),
		cmocka_unit_test(test_two_at_once),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
