// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"

#include "tests/unit/unit.h"

#include <errno.h>

static void test_grows(void **state)
{
	_cleanup_bytes struct bytes b = BYTES_INIT;
	size_t i;

	for (i = 0; i < 10000; i++) {
		assert_int_equal(bytes_addf(&b, "%zu,", i % 10), 0);
		assert_int_equal(b.len, 2 * (i + 1));
		assert_int_equal(b.data[b.len], 0);
	}
	assert_memory_equal(b.data, "0,1,2,3,4,5,6,7,8,9,0,", 22);
}

static void test_nul_bytes(void **state)
{
	_cleanup_bytes struct bytes b = BYTES_INIT;

	assert_int_equal(bytes_add(&b, "a\0b", 3), 0);
	assert_int_equal(bytes_adds(&b, "c"), 0);
	assert_int_equal(bytes_add(&b, NULL, 0), 0);
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.data, "a\0bc", 5);
}

static void test_too_much(void **state)
{
	_cleanup_bytes struct bytes b = BYTES_INIT;

	assert_int_equal(bytes_adds(&b, "abc"), 0);
	assert_int_equal(bytes_add(&b, "x", SIZE_MAX), -ENOMEM);
	assert_int_equal(bytes_add(&b, "x", SIZE_MAX - 3), -ENOMEM);
	assert_string_equal(b.data, "abc");
	assert_int_equal(b.len, 3);
}

static void test_take(void **state)
{
	struct bytes b = BYTES_INIT;
	char *s = bytes_take(&b);

	assert_string_equal(s, "");
	free(s);
	assert_int_equal(bytes_adds(&b, "text"), 0);
	s = bytes_take(&b);
	assert_string_equal(s, "text");
	assert_null(b.data);
	assert_int_equal(b.len, 0);
	free(s);
	bytes_release(&b);
}

static void test_parse_u64(void **state)
{
	static const char *const bad[] = { "", " 1", "1 ", "+1", "-1", "0x1",
					   "1k", "99999999999999999999x", "." };
	uint64_t v = 7;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(bytes_parse_u64(bad[i], &v), -EINVAL);
	assert_int_equal(bytes_parse_u64("18446744073709551616", &v), -ERANGE);
	assert_int_equal(bytes_parse_u64("99999999999999999999999", &v),
			 -ERANGE);
	assert_int_equal(v, 7);
	assert_int_equal(bytes_parse_u64("18446744073709551615", &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(bytes_parse_u64("000", &v), 0);
	assert_true(v == 0);
}

static void test_parse_size(void **state)
{
	uint64_t v = 7;

	assert_int_equal(bytes_parse_size("0", &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(bytes_parse_size("100k", &v), 0);
	assert_int_equal(v, 100 << 10);
	assert_int_equal(bytes_parse_size("10G", &v), 0);
	assert_int_equal(v, 10ULL << 30);
	assert_int_equal(bytes_parse_size("15E", &v), 0);
	assert_int_equal(v, 15ULL << 60);
	assert_int_equal(bytes_parse_size("16E", &v), -ERANGE);
	assert_int_equal(bytes_parse_size("18446744073709551616", &v), -ERANGE);
	assert_int_equal(bytes_parse_size("", &v), -EINVAL);
	assert_int_equal(bytes_parse_size("k", &v), -EINVAL);
	assert_int_equal(bytes_parse_size("1x", &v), -EINVAL);
	assert_int_equal(bytes_parse_size("-1k", &v), -EINVAL);
	assert_int_equal(bytes_parse_size("1 k", &v), -EINVAL);
	assert_int_equal(v, 15ULL << 60);
}

static void test_hex(void **state)
{
	const uint8_t data[] = { 0x00, 0x9f, 0xa0, 0xff };
	uint8_t back[4] = { 1, 2, 3, 4 };
	char hex[9];

	bytes_to_hex(data, sizeof(data), hex);
	assert_string_equal(hex, "009fa0ff");
	assert_int_equal(bytes_from_hex("009FA0FF", 8, back, 4), -EINVAL);
	assert_int_equal(bytes_from_hex("009fa0f", 7, back, 4), -EINVAL);
	assert_int_equal(bytes_from_hex("009fa0ff00", 10, back, 4), -EINVAL);
	assert_int_equal(bytes_from_hex("009fa0fg", 8, back, 4), -EINVAL);
	assert_int_equal(bytes_from_hex("009fa0f\0", 8, back, 4), -EINVAL);
	assert_int_equal(back[0], 1);
	assert_int_equal(bytes_from_hex(hex, 8, back, 4), 0);
	assert_memory_equal(back, data, 4);
	assert_int_equal(bytes_from_hex("", 0, back, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_nul_bytes),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_parse_u64),
		cmocka_unit_test(test_parse_size),
		cmocka_unit_test(test_hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
