// SPDX-License-Identifier: Apache-2.0
/*
 * Copies on one file system and between two ($TMPDIR and a memfd, where
 * copy_file_range(2) refuses).  With TMPDIR on XFS or btrfs the first kind are
 * reflinks, and must give the same files.
 */
#include "base/fileio.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/cleanup.h"

#define MB (1 << 20)

static int open_new(void)
{
	int fd = open(unit_dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	return fd;
}

/* On another file system. */
static int open_other(void)
{
	int fd = memfd_create("stencil-unit", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void fill(int fd, off_t at, size_t len, unsigned int seed)
{
	char *block = malloc(len);
	size_t i;

	for (i = 0; i < len; i++) {
		seed = seed * 1103515245 + 12345;
		block[i] = seed >> 16;
	}
	assert_int_equal(pwrite(fd, block, len, at), len);
	free(block);
}

/* `to` is [0, size) of `from`, with zeros behind from's end. */
static void check_same(int from, int to, off_t size)
{
	char a[65536], b[65536];
	struct stat st;
	off_t at;

	assert_int_equal(fstat(to, &st), 0);
	assert_int_equal(st.st_size, size);
	for (at = 0; at < size; at += sizeof(a)) {
		size_t n = sizeof(a);

		if (size - at < (off_t)n)
			n = size - at;
		memset(a, 0, sizeof(a));
		assert_true(pread(from, a, n, at) >= 0);
		assert_int_equal(pread(to, b, n, at), n);
		assert_memory_equal(a, b, n);
	}
}

static off_t allocated(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_blocks * 512;
}

/* Copies and checks; `most` is the largest amount that may be copied. */
static void check_copy(int from, int to, off_t size, off_t most)
{
	off_t copied = -1;
	int r = fileio_copy_data(from, to, size, &copied);

	assert_in_range(r, FILEIO_COPIED, FILEIO_REFLINKED);
	assert_true(copied >= 0 && copied <= most);
	if (r == FILEIO_REFLINKED)
		assert_int_equal(copied, 0);
	check_same(from, to, size);
	close(to);
}

/* All kinds of sizes: whole, cut, beyond the end, nothing. */
static void check_sizes(int from, off_t size)
{
	const off_t sizes[] = { size, size - 1, size / 2, 1, 0, size + 1,
				size + 10 * MB };
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		check_copy(from, open_new(), sizes[i], sizes[i]);
		check_copy(from, open_other(), sizes[i], sizes[i]);
	}
}

static void test_dense(void **state)
{
	_cleanup_fd int here = open_new();
	_cleanup_fd int there = open_other();

	fill(here, 0, 3 * MB + 77, 1);
	fill(there, 0, 3 * MB + 77, 2);
	check_sizes(here, 3 * MB + 77);
	check_sizes(there, 3 * MB + 77);
}

static void test_empty(void **state)
{
	_cleanup_fd int from = open_new();

	check_copy(from, open_new(), 0, 0);
	check_copy(from, open_new(), 12345, 0);
	check_copy(from, open_other(), 12345, 0);
}

/* Three small extents in 300 MB: nothing but them is copied or allocated. */
static void test_sparse(void **state)
{
	_cleanup_fd int from = open_new();
	int to, i;
	off_t copied;

	fill(from, 100 * MB, 8192, 3);
	fill(from, 200 * MB + 5, 10, 4);
	assert_int_equal(ftruncate(from, 300 * MB), 0);
	for (i = 0; i < 2; i++) {
		to = i ? open_other() : open_new();
		assert_true(fileio_copy_data(from, to, 300 * MB, &copied) >= 0);
		assert_true(copied <= 1 * MB);
		assert_true(allocated(to) <= 1 * MB);
		check_same(from, to, 300 * MB);
		close(to);
	}
	/* Cut inside the first hole, and inside the data. */
	check_copy(from, open_new(), 50 * MB, 0);
	check_copy(from, open_other(), 50 * MB, 0);
	check_copy(from, open_other(), 100 * MB + 100, MB);
}

static void test_large_offsets(void **state)
{
	_cleanup_fd int from = open_new();
	_cleanup_fd int to = open_new();
	off_t copied, at = 5ll << 30;
	char a[100], b[100];

	fill(from, at, 100, 5);
	assert_true(fileio_copy_data(from, to, at + 100, &copied) >= 0);
	assert_int_equal(pread(from, a, 100, at), 100);
	assert_int_equal(pread(to, b, 100, at), 100);
	assert_memory_equal(a, b, 100);
	assert_true(allocated(to) < MB);
}

static void test_errors(void **state)
{
	_cleanup_fd int from = open_new();
	_cleanup_fd int null = open("/dev/null", O_WRONLY);
	_cleanup_fd int full = open("/dev/full", O_WRONLY);
	_cleanup_fd int to = open_new();
	off_t copied = -1;

	fill(from, 0, 100, 6);
	assert_int_equal(fileio_copy_data(from, -1, 100, &copied), -EBADF);
	assert_int_equal(copied, 0);
	assert_int_equal(fileio_copy_data(from, full, 100, &copied), -ENOSPC);
	assert_int_equal(copied, 0);
	assert_int_equal(fileio_copy_data(-1, to, 100, &copied), -EBADF);
	/* Not a file whose size can be set. */
	assert_int_equal(fileio_copy_data(from, null, 100, &copied), -EINVAL);
	assert_int_equal(copied, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dense),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_sparse),
		cmocka_unit_test(test_large_offsets),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, unit_setup, unit_teardown);
}
