// SPDX-License-Identifier: Apache-2.0
#include "mkimage/progress.h"

#include "tests/unit/unit.h"

static void test_size(void **state)
{
	char text[16];

	progress_size(1023, text);
	assert_string_equal(text, "1023 B");
	progress_size(1536, text);
	assert_string_equal(text, "1.5 KiB");
	progress_size(UINT64_MAX, text);
	assert_string_equal(text, "16 EiB");
}

static void test_left(void **state)
{
	struct progress p;

	progress_init(&p, true);
	assert_int_equal(progress_left(&p, 10000), -1);
	progress_expect(&p, 100, 0);
	assert_int_equal(progress_left(&p, 10000), -1); /* nothing done */
	progress_add(&p, 25, 0);
	assert_int_equal(progress_left(&p, 10000), 30);
	assert_int_equal(progress_left(&p, 999), -1);
	progress_add(&p, 75, 0);
	assert_int_equal(progress_left(&p, 10000), 0);
	progress_add(&p, 1, 0); /* more than expected */
	assert_int_equal(progress_left(&p, 10000), -1);
}

/* By the offset, whatever was expected. */
static void test_input(void **state)
{
	struct progress p;
	int fds[2], fd = openat(unit_dirfd, "input", O_RDWR | O_CREAT, 0600);

	assert_int_equal(ftruncate(fd, 1000), 0);
	assert_int_equal(lseek(fd, 200, SEEK_SET), 200);
	progress_init(&p, true);
	assert_int_equal(pipe(fds), 0);
	progress_input(&p, fds[0]);
	assert_int_equal(progress_left(&p, 2000), -1);
	progress_input(&p, fd);
	progress_expect(&p, 1, 1);
	assert_int_equal(progress_left(&p, 2000), 8);
	close(fds[0]);
	close(fds[1]);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_left),
		cmocka_unit_test(test_input),
	};

	return cmocka_run_group_tests(tests, unit_setup, unit_teardown);
}
