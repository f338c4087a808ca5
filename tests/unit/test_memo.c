// SPDX-License-Identifier: Apache-2.0
#include "mkimage/memo.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/manifest.h"
#include "mkimage/memo_env.h"
#include "mkimage/memo_record.h"
#include "mkimage/memo_state.h"

#define MANY 30000

static struct memo_stamp stamp_of(uint64_t ino)
{
	return (struct memo_stamp){
		.fs = 7, .dev = 1, .ino = ino, .size = 10 * ino,
		.mtime = { -5, 6 }, .ctime = { 1000, 7 }, .btime = { 900, 8 },
		.seen = { 2000, 0 },
	};
}

static void put(struct memo *m, const struct memo_stamp *s, uint8_t mark)
{
	char value[] = "v\0lue", acl[] = "";
	struct manifest_xattr xattrs[] = {
		{ (char *)"user.a", value, sizeof(value) },
		{ (char *)"user.b", acl, 0 },
	};
	struct memo_place place = { 77, -1, 999999999, 0 };
	struct manifest_entry e = {
		.has_digest = true, .xattrs = xattrs, .nxattrs = 2,
	};

	memset(&e.sha1, mark, sizeof(e.sha1));
	memset(&e.verity, mark + 1, sizeof(e.verity));
	memo_put(m, s, &e, &place);
}

/* The mark that was put, or -errno. */
static int find(struct memo *m, const struct memo_stamp *s)
{
	struct manifest_entry e = { 0 };
	struct memo_place place;
	int r = memo_find(m, s, &e, &place);

	if (r) {
		assert_false(e.has_digest);
		assert_null(e.xattrs);
		return r;
	}
	assert_true(e.has_digest);
	assert_int_equal(e.verity.bytes[31], e.sha1.bytes[0] + 1);
	assert_int_equal(e.nxattrs, 2);
	assert_string_equal(e.xattrs[0].name, "user.a");
	assert_int_equal(e.xattrs[0].len, 6);
	assert_memory_equal(e.xattrs[0].value, "v\0lue", 6);
	assert_int_equal(e.xattrs[1].len, 0);
	assert_int_equal(place.ino, 77);
	assert_int_equal(place.btime_sec, -1);
	assert_int_equal(place.btime_nsec, 999999999);
	r = e.sha1.bytes[19];
	manifest_entry_release(&e);
	return r;
}

static struct memo *open_memo(void)
{
	struct memo *m;

	assert_int_equal(memo_open(unit_dirfd, &m), 0);
	return m;
}

static void fresh(void)
{
	assert_true(fileio_remove_tree(unit_dirfd, "memo") <= 0);
}

static void test_remembers(void **state)
{
	struct memo_stamp s = stamp_of(1), other;
	struct memo *m = open_memo();

	put(m, &s, 3);
	memo_close(m);
	m = open_memo();
	assert_int_equal(find(m, &s), 3);
	/* When it is seen does not matter, any other difference does. */
	other = s;
	other.seen.sec = 9999;
	assert_int_equal(find(m, &other), 3);
#define DIFFERS(field)                                                         \
	do {                                                                   \
		other = s;                                                     \
		other.field++;                                                 \
		assert_int_equal(find(m, &other), -ENODATA);                   \
	} while (0)
	DIFFERS(fs);
	DIFFERS(dev);
	DIFFERS(ino);
	DIFFERS(size);
	DIFFERS(mtime.sec);
	DIFFERS(mtime.nsec);
	DIFFERS(ctime.sec);
	DIFFERS(ctime.nsec);
	DIFFERS(btime.sec);
	DIFFERS(btime.nsec);
	/* What comes later counts. */
	put(m, &s, 4);
	put(m, &s, 5);
	memo_close(m);
	m = open_memo();
	assert_int_equal(find(m, &s), 5);
	memo_close(m);
	fresh();
}

static void test_racy(void **state)
{
	static const struct {
		struct memo_time ctime, seen;
		int kept;
	} cases[] = {
		{ { 10, 5 }, { 10, 5 }, 0 },
		{ { 10, 5 }, { 10, 20000005 }, 0 },
		{ { 10, 5 }, { 10, 20000006 }, 1 },
		{ { 10, 990000000 }, { 11, 5000000 }, 0 },
		{ { 10, 980000000 }, { 11, 5000000 }, 1 },
		{ { 12, 5 }, { 10, 5 }, 0 },
		{ { 10, 0 }, { 12, 0 }, 0 },
		{ { 10, 0 }, { 12, 1 }, 1 },
	};
	struct memo *m = open_memo();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct memo_stamp s = stamp_of(i);

		s.ctime = cases[i].ctime;
		s.seen = cases[i].seen;
		put(m, &s, 1);
	}
	memo_close(m);
	m = open_memo();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct memo_stamp s = stamp_of(i);

		s.ctime = cases[i].ctime;
		assert_int_equal(find(m, &s), cases[i].kept ? 1 : -ENODATA);
	}
	memo_close(m);
	fresh();
}

/* In any order, two at once, and more than the first map holds. */
static void test_many(void **state)
{
	struct memo *a = open_memo(), *b = open_memo();
	struct manifest_xattr x = { (char *)"user.large", NULL, 8000 };
	struct manifest_entry large = { .has_digest = true, .xattrs = &x,
					.nxattrs = 1 };
	struct memo_place place = { 0 };
	struct memo_stamp s;

	for (uint64_t i = 0; i < MANY; i++) {
		s = stamp_of(i * 7919 % MANY);
		put(i & 1 ? a : b, &s, (uint8_t)(s.ino % 200));
	}
	x.value = calloc(1, x.len);
	for (uint64_t i = 0; i < 12000; i++) {
		s = stamp_of(MANY + i);
		memo_put(a, &s, &large, &place);
	}
	memo_close(a);
	s = stamp_of(MANY - 1);
	assert_int_equal(find(b, &s), (MANY - 1) % 200);
	memo_close(b);
	free(x.value);
	a = open_memo();
	for (uint64_t i = 0; i < MANY; i++) {
		s = stamp_of(i);
		assert_int_equal(find(a, &s), (int)(i % 200));
	}
	memo_close(a);
	fresh();
}

static void fill(uint64_t n)
{
	struct memo *m = open_memo();

	for (uint64_t i = 0; i < n; i++) {
		struct memo_stamp s = stamp_of(i);

		put(m, &s, 9);
	}
	memo_close(m);
}

static void write_at(const char *path, off_t at, const char *text)
{
	int fd = openat(unit_dirfd, path, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, text, strlen(text), at), strlen(text));
	close(fd);
}

/* Nothing is known any more, and it can be filled again. */
static void check_new(void)
{
	struct memo_stamp s = stamp_of(1);
	struct memo *m = open_memo();

	assert_int_equal(find(m, &s), -ENODATA);
	put(m, &s, 2);
	memo_close(m);
	m = open_memo();
	assert_int_equal(find(m, &s), 2);
	memo_close(m);
	fresh();
}

static void test_damaged(void **state)
{
	struct stat st;

	fill(5000);
	assert_int_equal(fstatat(unit_dirfd, "memo/data.mdb", &st, 0), 0);
	for (off_t at = 0; at < st.st_size; at += st.st_size / 7) {
		write_at("memo/data.mdb", at, "damage damage damage");
		check_new();
		fill(5000);
	}
	write_at("memo/lock.mdb", 0, "what LMDB makes anew");
	fill(1);
	assert_int_equal(unlinkat(unit_dirfd, "memo/state", 0), 0);
	check_new();
	fill(10);
	write_at("memo/state", 0, "stencil-memo 9");
	check_new();
	/* It was open when the machine went down. */
	fill(10);
	assert_int_equal(fileio_write_file(
		unit_dirfd, "memo/state", "stencil-memo 1 dirty other\n", 27,
		0600), 0);
	check_new();
	assert_int_equal(mkdirat(unit_dirfd, "memo", 0700), 0);
	assert_int_equal(mkdirat(unit_dirfd, "memo/data.mdb", 0700), 0);
	check_new();
}

/* No file of ours, so no crash and no harm: the build goes on without. */
static void test_not_a_directory(void **state)
{
	struct memo *m;

	assert_int_equal(symlinkat("/tmp", unit_dirfd, "memo"), 0);
	assert_true(memo_open(unit_dirfd, &m) < 0);
	assert_int_equal(unlinkat(unit_dirfd, "memo", 0), 0);
}

/* All that was written by then is known; the state is no obstacle. */
static void test_killed(void **state)
{
	struct memo_stamp s = stamp_of(1);
	struct memo *m;
	pid_t pid = fork();

	if (!pid) {
		m = open_memo();
		for (uint64_t i = 0; i < MANY; i++) {
			s = stamp_of(i);
			put(m, &s, 6);
		}
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	m = open_memo();
	assert_int_equal(find(m, &s), 6);
	memo_close(m);
	fresh();
}

static void test_prune(void **state)
{
	struct memo_stamp s = stamp_of(3);
	struct memo *m;
	uint64_t freed = 1;

	assert_int_equal(memo_prune(unit_dirfd, 30, &freed), 0);
	assert_int_equal(freed, 0);
	fill(MANY);
	assert_int_equal(memo_prune(unit_dirfd, 30, &freed), 0);
	m = open_memo();
	assert_int_equal(find(m, &s), 9);
	/* In use: nothing happens. */
	assert_int_equal(memo_prune(unit_dirfd, 0, &freed), 0);
	assert_int_equal(find(m, &s), 9);
	memo_close(m);
	fresh();
}

/* Files of which the first half was last met on `day`, for want of a clock that
 * can be turned, by way of the environment itself. */
static void fill_old(uint64_t n, uint32_t day)
{
	int dirfd = openat(unit_dirfd, "memo", O_RDONLY | O_DIRECTORY);
	struct manifest_entry e = { .has_digest = true };
	_cleanup_bytes struct bytes b = BYTES_INIT;
	struct memo_place place = { 0 };
	struct memo_env *env;

	assert_int_equal(memo_state_dirty(dirfd), 0);
	assert_int_equal(memo_env_open(dirfd, &env), 0);
	for (uint64_t i = 0; i < n / 2; i++) {
		struct memo_env_put at = { 0, 0 };
		struct memo_stamp s = stamp_of(i);

		b.len = 0;
		assert_int_equal(memo_record_add(&b, &s, &e, &place, day), 0);
		at.len = b.len;
		assert_int_equal(memo_env_write(env, b.data, &at, 1), 0);
	}
	memo_env_close(env);
	close(dirfd);
}

static void test_prune_old(void **state)
{
	struct memo_stamp old = stamp_of(1), met = stamp_of(77);
	struct memo_stamp recent = stamp_of(MANY - 1);
	uint32_t today = (uint32_t)(time(NULL) / 86400);
	struct manifest_entry e = { 0 };
	struct memo_place place;
	struct memo *m;
	uint64_t freed;

	fill(MANY);
	fill_old(MANY, today - 31);
	m = open_memo();
	assert_int_equal(memo_find(m, &met, &e, &place), 0);
	memo_close(m);
	assert_int_equal(memo_prune(unit_dirfd, 30, &freed), 0);
	assert_true(freed > MANY / 3 * sizeof(struct memo_record));
	m = open_memo();
	assert_int_equal(find(m, &recent), 9);
	assert_int_equal(find(m, &old), -ENODATA);
	assert_int_equal(memo_find(m, &met, &e, &place), 0);
	memo_close(m);
	fresh();
}

static void test_record(void **state)
{
	struct manifest_entry e = { .has_digest = true };
	struct memo_stamp s = stamp_of(4);
	_cleanup_bytes struct bytes b = BYTES_INIT;
	struct memo_place place = { 1, 2, 3, 0 };
	struct memo_key key;
	char *record;
	size_t len;

	assert_int_equal(memo_record_add(&b, &s, &e, &place, 100), 0);
	memo_record_key(&s, &key);
	assert_memory_equal(b.data, &key, sizeof(key));
	record = b.data + sizeof(key);
	len = b.len - sizeof(key);
	assert_int_equal(len, sizeof(struct memo_record));
	assert_int_equal(memo_record_day(&key, record, len), 100);
	memo_record_touch(&key, record, len, 200);
	assert_int_equal(memo_record_day(&key, record, len), 200);
	assert_int_equal(memo_record_use(record, len, &s, &e, &place), 0);
	for (size_t i = 0; i < len; i++) {
		record[i] ^= 1;
		assert_int_equal(memo_record_use(record, len, &s, &e, &place),
				 -ENODATA);
		assert_int_equal(memo_record_day(&key, record, len), 0);
		record[i] ^= 1;
	}
	for (size_t i = 0; i < len; i++)
		assert_int_equal(memo_record_use(record, i, &s, &e, &place),
				 -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_remembers),
		cmocka_unit_test(test_racy),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_not_a_directory),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_prune),
		cmocka_unit_test(test_prune_old),
		cmocka_unit_test(test_record),
	};

	return cmocka_run_group_tests(tests, unit_setup, unit_teardown);
}
