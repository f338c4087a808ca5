// SPDX-License-Identifier: Apache-2.0
/* Against the test vectors of FIPS 180, and from many threads at once. */
#include "base/digest.h"

#include "base/bytes.h"
#include "tests/unit/unit.h"

#include <pthread.h>

#define SHA1_ABC "a9993e364706816aba3e25717850c26c9cd0d89d"
#define SHA1_EMPTY "da39a3ee5e6b4b0d3255bfef95601890afd80709"
#define SHA1_MILLION "34aa973cd4c4daa4f61eeb2bdbad27316534016f"
#define SHA256_ABC \
	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void test_whole(void **state)
{
	char hex[SHA256_HEX + 1];
	struct sha256 long_one;
	struct sha1 one;

	assert_int_equal(sha1_of("abc", 3, &one), 0);
	bytes_to_hex(one.bytes, sizeof(one.bytes), hex);
	assert_string_equal(hex, SHA1_ABC);
	assert_int_equal(sha1_of("", 0, &one), 0);
	bytes_to_hex(one.bytes, sizeof(one.bytes), hex);
	assert_string_equal(hex, SHA1_EMPTY);
	assert_int_equal(sha256_of("abc", 3, &long_one), 0);
	bytes_to_hex(long_one.bytes, sizeof(long_one.bytes), hex);
	assert_string_equal(hex, SHA256_ABC);
}

static int million(enum digest_kind kind, void *out)
{
	struct digest_ctx *c;
	char block[1000];
	int i, err = digest_new(&c, kind);

	if (err)
		return err;
	memset(block, 'a', sizeof(block));
	for (i = 0; i < 1000 && !err; i++)
		err = digest_update(c, block, sizeof(block));
	if (!err)
		err = digest_final(c, out);
	digest_free(c);
	return err;
}

static void test_pieces(void **state)
{
	struct sha256 long_one;
	struct digest_ctx *c;
	char hex[SHA256_HEX + 1];
	struct sha1 one;

	assert_int_equal(million(DIGEST_SHA1, one.bytes), 0);
	bytes_to_hex(one.bytes, sizeof(one.bytes), hex);
	assert_string_equal(hex, SHA1_MILLION);
	assert_int_equal(digest_new(&c, DIGEST_SHA256), 0);
	assert_int_equal(digest_update(c, "a", 1), 0);
	assert_int_equal(digest_update(c, "", 0), 0);
	assert_int_equal(digest_update(c, "bc", 2), 0);
	assert_int_equal(digest_final(c, long_one.bytes), 0);
	digest_free(c);
	digest_free(NULL);
	bytes_to_hex(long_one.bytes, sizeof(long_one.bytes), hex);
	assert_string_equal(hex, SHA256_ABC);
}

static void *in_thread(void *arg)
{
	struct sha1 *one = arg;

	return million(DIGEST_SHA1, one->bytes) ? arg : NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[8];
	struct sha1 ones[8];
	char hex[SHA1_HEX + 1];
	void *failed;
	int i;

	for (i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, in_thread,
						&ones[i]), 0);
	for (i = 0; i < 8; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
		bytes_to_hex(ones[i].bytes, sizeof(ones[i].bytes), hex);
		assert_string_equal(hex, SHA1_MILLION);
	}
}

int main(void)
{
	/* Threads first: the first use of all must be safe too. */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
