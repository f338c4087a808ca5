// SPDX-License-Identifier: Apache-2.0
#include "base/manifest.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/cleanup.h"

#define SHA1_LINE "35/d02f81325122d77ec1d11baba655bc9bf8a891"
#define VERITY_LINE                                                            \
	"35d02f81325122d77ec1d11baba655bc9bf8a891ab26119a41c50fa03ddfb408"

static int parse(const char *line, struct manifest_entry *e)
{
	return manifest_parse(line, strlen(line), e);
}

/* The line is the one and only spelling of its entry. */
static void assert_round_trip(const char *line)
{
	_cleanup_bytes struct bytes out = BYTES_INIT;
	struct manifest_entry e;

	assert_int_equal(parse(line, &e), 0);
	assert_int_equal(bytes_adds(&out, "before\n"), 0);
	assert_int_equal(manifest_format(&e, &out), 0);
	assert_int_equal(out.len, strlen(line) + 8);
	assert_memory_equal(out.data + 7, line, strlen(line));
	assert_int_equal(out.data[out.len - 1], '\n');
	manifest_entry_release(&e);
	assert_null(e.path);
}

static void test_kinds(void **state)
{
	static const char *const lines[] = {
		"/ 0 40755 4 1000 1000 0 1695372970.944925700 - - -",
		("/f 259 100644 1 0 0 0 1.5 " SHA1_LINE " - " VERITY_LINE),
		("/f 259 100644 1 0 0 0 1.5 " SHA1_LINE " - -"),
		("/z 259 @100644 2 0 0 0 1.5 /a - " VERITY_LINE),
		"/l 6 120777 1 0 0 0 1.5 ../a\\x20b - -",
		"/l 1 120777 1 0 0 0 1.5 \\x2d - -",
		"/l 1 @120777 2 0 0 0 1.5 /first - -",
		"/c 0 20000 1 0 0 0 1.5 - - -",
		"/c 0 20666 1 0 0 259 1.5 - - -",
		"/b 0 60666 1 4294967295 7 18446744073709551615 1.5 - - -",
		"/p 0 14755 1 0 0 0 -9223372036854775807.999999999 - - -",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_round_trip(lines[i]);
}

static void test_escapes(void **state)
{
	struct manifest_entry e;

	assert_round_trip("/a\\x20b\\\\c\\nd\\re\\tf\\x01\\x7f\\xff\\xc3\\xbc= "
			  "0 40755 2 0 0 0 0.0 - - - "
			  "user.a\\x3db=\\x3d\\x00- user.empty=");
	/* '=' is itself but in attributes; "-" in an attribute too. */
	assert_round_trip("/= 0 40755 2 0 0 0 0.0 - - - user.dash=-");
	assert_int_equal(parse("/\\x41\\X 0 40755 2 0 0 0 0.0 - - -", &e),
			 -EBADMSG);
	assert_int_equal(parse("/\\x41\\x4A 0 40755 2 0 0 0 0.0 - - -", &e),
			 0);
	assert_string_equal(e.path, "/AJ");
	manifest_entry_release(&e);
}

static void test_fields(void **state)
{
	struct manifest_entry e;

	assert_int_equal(parse("/d/f 9 @104711 3 1 2 0 -5.7 /d/a - "
			       VERITY_LINE " a=1 b=\\x00\\x01", &e), 0);
	assert_string_equal(e.path, "/d/f");
	assert_string_equal(e.target, "/d/a");
	assert_true(e.hardlink && e.has_digest);
	assert_int_equal(e.mode, S_IFREG | 04711);
	assert_int_equal(e.size, 9);
	assert_int_equal(e.nlink, 3);
	assert_int_equal(e.uid, 1);
	assert_int_equal(e.gid, 2);
	assert_int_equal(e.mtime_sec, -5);
	assert_int_equal(e.mtime_nsec, 7);
	assert_int_equal(e.verity.bytes[0], 0x35);
	assert_int_equal(e.nxattrs, 2);
	assert_string_equal(e.xattrs[1].name, "b");
	assert_int_equal(e.xattrs[1].len, 2);
	assert_memory_equal(e.xattrs[1].value, "\0\1", 2);
	manifest_entry_release(&e);
}

static void test_malformed(void **state)
{
	static const char *const lines[] = {
		"",
		"/",
		"/ 0 40755 2 0 0 0 0.0 - -",
		"/ 0 40755 2 0 0 0 0.0 - - - ",
		"/ 0 40755 2 0 0 0 0.0 - - -  a=1",
		"/ 0 40755 2 0 0 0 0.0 - - - a",
		"/ 0 40755 2 0 0 0 0.0 - - - =1",
		"/ 0 40755 2 0 0 0 0.0 - - - a\\x00b=1",
		"/ 0 40755 2 0 0 0 0.0 - - - b=1 a=1",
		"/ 0 40755 2 0 0 0 0.0 - - - a=1 a=1",
		"/ 0 40755 2 0 0 0 0.0 target - -",
		"/ 0 40755 2 0 0 0 0.0 - content -",
		"/ 0 40755 2 0 0 0 0.0 - - " VERITY_LINE,
		"/ 0 100644 1 0 0 0 0.0 " SHA1_LINE " - -",
		"a 0 40755 2 0 0 0 0.0 - - -",
		"/a/ 0 40755 2 0 0 0 0.0 - - -",
		"/a//b 0 40755 2 0 0 0 0.0 - - -",
		"/./b 0 40755 2 0 0 0 0.0 - - -",
		"/a/.. 0 40755 2 0 0 0 0.0 - - -",
		"/a\\x00 0 40755 2 0 0 0 0.0 - - -",
		"/\xc3\xbc 0 40755 2 0 0 0 0.0 - - -",
		"/a\\x4 0 40755 2 0 0 0 0.0 - - -",
		"/a\\ 0 40755 2 0 0 0 0.0 - - -",
		"/a 00 40755 2 0 0 0 0.0 - - -",
		"/a -1 40755 2 0 0 0 0.0 - - -",
		"/a 18446744073709551616 40755 2 0 0 0 0.0 - - -",
		"/a 0 40758 2 0 0 0 0.0 - - -",
		"/a 0 755 2 0 0 0 0.0 - - -",
		"/a 0 140755 2 0 0 0 0.0 - - -",
		"/a 0 1040755 2 0 0 0 0.0 - - -",
		"/a 0 40755 4294967296 0 0 0 0.0 - - -",
		"/a 0 40755 2 0 0 0 0 - - -",
		"/a 0 40755 2 0 0 0 .0 - - -",
		"/a 0 40755 2 0 0 0 0. - - -",
		"/a 0 40755 2 0 0 0 -0.0 - - -",
		"/a 0 40755 2 0 0 0 0.1000000000 - - -",
		"/a 0 40755 2 0 0 0 0.0000000001 - - -",
		"/a 0 40755 2 0 0 0 9223372036854775808.0 - - -",
		"/a 0 100644 1 0 0 0 0.0 - - -",
		"/a 0 100644 1 0 0 0 0.0 35d02f81325122d77ec1d11baba655bc9bf8a891a - -",
		"/a 0 100644 1 0 0 0 0.0 35/D02f81325122d77ec1d11baba655bc9bf8a891 - -",
		"/a 0 100644 1 0 0 0 0.0 " SHA1_LINE "0 - -",
		"/a 0 100644 1 0 0 0 0.0 " SHA1_LINE " - 00",
		"/a 0 120777 1 0 0 0 0.0 - - -",
		"/a 0 @100644 2 0 0 0 0.0 - - -",
		"/a 0 @100644 2 0 0 0 0.0 b - -",
		"/a 0 @100644 2 0 0 0 0.0 /a - -",
		"/a 0 @100644 2 0 0 0 0.0 /b - -",
		"/b 0 @40755 2 0 0 0 0.0 /a - -",
	};
	struct manifest_entry e = { .size = 77 };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (parse(lines[i], &e) != -EBADMSG)
			fail_msg("accepted: %s", lines[i]);
		assert_int_equal(e.size, 77);
	}
}

/* What the writer refuses leaves the buffer as it was. */
static void test_format_refuses(void **state)
{
	_cleanup_bytes struct bytes out = BYTES_INIT;
	struct manifest_xattr xattrs[] = { { "b", "1", 1 }, { "a", "1", 1 } };
	struct manifest_entry e = { .path = "/x", .mode = S_IFDIR | 0755,
				    .xattrs = xattrs, .nxattrs = 2 };

	assert_int_equal(manifest_format(&e, &out), -EINVAL);
	e.nxattrs = 1;
	assert_int_equal(manifest_format(&e, &out), 0);
	e.path = "x";
	assert_int_equal(manifest_format(&e, &out), -EINVAL);
	e.path = "/x";
	e.mode = S_IFSOCK | 0755;
	assert_int_equal(manifest_format(&e, &out), -EINVAL);
	e.mode = S_IFLNK | 0777;
	assert_int_equal(manifest_format(&e, &out), -EINVAL);
	assert_string_equal(out.data, "/x 0 40755 0 0 0 0 0.0 - - - b=1\n");
}

static int read_all(const char *text, unsigned long *ret_line)
{
	_cleanup_file FILE *f = fmemopen((void *)text, strlen(text), "r");
	struct manifest_reader *reader;
	struct manifest_entry e;
	int r;

	assert_non_null(f);
	assert_int_equal(manifest_reader_new(&reader, f), 0);
	while ((r = manifest_reader_next(reader, &e)) > 0)
		manifest_entry_release(&e);
	*ret_line = manifest_reader_line(reader);
	manifest_reader_free(reader);
	return r;
}

#define DIR_LINE(path) path " 0 40755 2 0 0 0 0.0 - - -\n"

static void test_reader(void **state)
{
	unsigned long line;

	assert_int_equal(read_all(DIR_LINE("/") DIR_LINE("/a")
				  DIR_LINE("/a-b") DIR_LINE("/a/b"), &line), 0);
	assert_int_equal(line, 4);
	/* The last newline may be missing. */
	assert_int_equal(read_all("/ 0 40755 2 0 0 0 0.0 - - -", &line), 0);
	assert_int_equal(line, 1);
	/* The root first, nothing twice, nothing out of order. */
	assert_int_equal(read_all(DIR_LINE("/a"), &line), -EBADMSG);
	assert_int_equal(line, 1);
	assert_int_equal(read_all(DIR_LINE("/") DIR_LINE("/"), &line),
			 -EBADMSG);
	assert_int_equal(line, 2);
	assert_int_equal(read_all(DIR_LINE("/") DIR_LINE("/a/b")
				  DIR_LINE("/a-b"), &line), -EBADMSG);
	assert_int_equal(line, 3);
	assert_int_equal(read_all(DIR_LINE("/") "\n", &line), -EBADMSG);
	assert_int_equal(line, 2);
	manifest_reader_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_format_refuses),
		cmocka_unit_test(test_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
