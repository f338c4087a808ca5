// SPDX-License-Identifier: Apache-2.0
/*
 * A small archive, plain and in each compression, with every byte changed and
 * cut at every byte: it is refused in one line, or what comes of it keeps
 * source.h's promises.
 */
#include "mkimage/source.h"

#include "tests/unit/unit.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "tests/fuzz/fuzz_log.h"
#include "tests/fuzz/source_check.h"

#define MAX_SIZE (16 << 20)

static struct fuzz_log messages;
static int input_fd;

static void add(struct archive *a, const char *name, mode_t mode,
		const char *target)
{
	struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, name);
	archive_entry_set_mode(e, mode);
	archive_entry_set_mtime(e, 1500000000, 5);
	if (S_ISLNK(mode))
		archive_entry_set_symlink(e, target);
	if (S_ISREG(mode)) {
		archive_entry_set_size(e, 700);
		archive_entry_xattr_add_entry(e, "user.a", "b", 1);
	}
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	if (S_ISREG(mode))
		assert_int_equal(archive_write_data(a, "x", 1), 1);
	archive_entry_free(e);
}

/* Returns its length. */
static size_t make(char *buf, size_t size, const char *filter)
{
	struct archive *a = archive_write_new();
	size_t used = 0;

	if (filter)
		assert_int_equal(archive_write_add_filter_by_name(a, filter),
				 0);
	archive_write_set_format_pax_restricted(a);
	archive_write_set_bytes_per_block(a, 512);
	archive_write_set_bytes_in_last_block(a, 1);
	assert_int_equal(archive_write_open_memory(a, buf, size, &used), 0);
	add(a, "dir", S_IFDIR | 0755, NULL);
	add(a, "dir/file", S_IFREG | 0644, NULL);
	add(a, "link", S_IFLNK | 0777, "dir/file");
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	return used;
}

static int read_bytes(const char *data, size_t len)
{
	struct source_options options = { .max_size = MAX_SIZE };
	struct source *s = NULL;
	int r;

	assert_int_equal(ftruncate(input_fd, 0), 0);
	assert_int_equal(pwrite(input_fd, data, len, 0), len);
	assert_int_equal(lseek(input_fd, 0, SEEK_SET), 0);
	assert_int_equal(dup2(input_fd, STDIN_FILENO), STDIN_FILENO);
	fuzz_log_begin(&messages);
	r = source_open("-", &options, &s);
	if (!r)
		r = source_check_all(s);
	source_close(s);
	fuzz_log_end(&messages, r < 0);
	assert_true(r <= 0);
	return r;
}

static void damage(const char *filter, int must_notice)
{
	static char good[32768], bad[32768];
	size_t len = make(good, sizeof(good), filter);

	assert_int_equal(read_bytes(good, len), 0);
	for (size_t i = 0; i < len; i++) {
		memcpy(bad, good, len);
		bad[i] ^= (char)(i % 2 ? 0xff : 0x10);
		(void)read_bytes(bad, len); /* may be another archive */
		/* The end mark is what tells a plain one's end. */
		if (read_bytes(good, i) == 0)
			assert_true(!must_notice || i > len - 1024);
	}
}

static void test_plain(void **state)
{
	damage(NULL, 1);
}

static void test_compressed(void **state)
{
	static const char *const filters[] = { "gzip", "zstd", "xz", "bzip2",
					       "lz4", "lzma" };

	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		damage(filters[i], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_compressed),
	};

	log_init("stencil");
	fuzz_log_init(&messages);
	input_fd = memfd_create("input", MFD_CLOEXEC);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
