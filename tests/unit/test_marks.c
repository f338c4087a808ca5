/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/marks.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <linux/limits.h>

static struct fs trusted, user = { .userxattr = true };

static const char *encoded(const struct fs *fs, const char *name)
{
	static char buf[MARKS_NAME_MAX];
	int r = marks_encode(fs, name, buf);

	return r == -EPERM ? "EPERM" : r == -ERANGE ? "ERANGE" : buf;
}

static const char *decoded(const struct fs *fs, const char *name)
{
	static char buf[MARKS_NAME_MAX];
	const char *r = marks_decode(fs, name, buf);

	return r ? r : "hidden";
}

static void test_names(void **state)
{
	assert_string_equal(encoded(&trusted, "user.x"), "user.x");
	assert_string_equal(encoded(&trusted, "trusted.stencil.sha1"),
			    "EPERM");
	assert_string_equal(encoded(&user, "user.stencil.ino"), "EPERM");
	assert_string_equal(encoded(&trusted, "user.fuseoverlayfs.opaque"),
			    "EPERM");
	assert_string_equal(encoded(&trusted, "trusted.overlay.opaque"),
			    "trusted.overlay.overlay.opaque");
	assert_string_equal(encoded(&trusted, "user.overlay.opaque"),
			    "user.overlay.opaque");
	assert_string_equal(encoded(&user, "user.overlay.opaque"),
			    "user.overlay.overlay.opaque");

	assert_string_equal(decoded(&trusted, "trusted.overlay.opaque"),
			    "hidden");
	assert_string_equal(decoded(&trusted, "trusted.overlay.overlay.x"),
			    "trusted.overlay.x");
	assert_string_equal(decoded(&trusted, "trusted.stencil.sha1"),
			    "hidden");
	assert_string_equal(decoded(&trusted, "user.overlay.x"),
			    "user.overlay.x");
	assert_string_equal(decoded(&user, "user.overlay.x"), "hidden");
	assert_string_equal(decoded(&trusted, "security.capability"),
			    "security.capability");
}

/* An escaped name may become longer than any name can be. */
static void test_long_names(void **state)
{
	char name[XATTR_NAME_MAX + 1];

	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	memcpy(name, "user.", 5);
	assert_string_equal(encoded(&trusted, name), name);
	memcpy(name, "trusted.overlay.", 16);
	assert_string_equal(encoded(&trusted, name), "ERANGE");
}

static void test_carried(void **state)
{
	assert_true(marks_carried(&trusted, "user.x", false));
	assert_true(marks_carried(&trusted, "system.posix_acl_access", true));
	assert_false(marks_carried(&trusted, "trusted.overlay.origin", false));
	assert_false(marks_carried(&trusted, "trusted.stencil.sha1", false));
	assert_true(marks_carried(&trusted, "user.overlay.opaque", false));
	assert_false(marks_carried(&trusted, "user.overlay.opaque", true));
}

static void set(const char *attr, const char *value)
{
	assert_int_equal(fileio_setxattr(unit_dirfd, "f", attr, value,
					 strlen(value), 0),
			 0);
}

static void fresh(void)
{
	int fd;

	unlinkat(unit_dirfd, "f", 0);
	fd = openat(unit_dirfd, "f", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static void test_read(void **state)
{
	struct marks m;

	if (geteuid() != 0)
		skip();
	fresh();
	set("trusted.overlay.opaque", "y");
	set("trusted.overlay.redirect", "/a/b");
	set("trusted.overlay.metacopy", "");
	set("trusted.overlay.nlink", "U-3");
	set("trusted.overlay.overlay.impure", "y"); /* a container's */
	set("user.overlay.impure", "y");	    /* likewise */
	set("trusted.stencil.ino", "12345678901234");
	set("trusted.stencil.links", "3 0123456789abcdef");
	assert_int_equal(marks_read(&trusted, unit_dirfd, "f", MARKS_PRIVATE, &m),
			 0);
	assert_true(m.opaque && m.metacopy && m.has_ino && m.has_nlink);
	assert_false(m.impure || m.nlink_lower);
	assert_string_equal(m.redirect, "/a/b");
	assert_int_equal(m.nlink, -3);
	assert_true(m.ino == 12345678901234);
	assert_int_equal(m.links, 3);
	marks_release(&m);
	/* In a foreign layer all prefixes are marks, ours are none. */
	assert_int_equal(marks_read(&trusted, unit_dirfd, "f", MARKS_FOREIGN, &m),
			 0);
	assert_true(m.impure);
	assert_false(m.has_ino);
	marks_release(&m);
}

static void test_damaged(void **state)
{
	static const char *const bad[][2] = {
		{ "trusted.overlay.nlink", "U" },
		{ "trusted.overlay.nlink", "X+1" },
		{ "trusted.overlay.nlink", "U+1x" },
		{ "trusted.overlay.nlink", "U+99999999999999999999" },
		{ "trusted.stencil.ino", "-1" },
		{ "trusted.stencil.ino", "99999999999999999999999" },
		{ "trusted.stencil.links", "1 0" },
		{ "trusted.stencil.links", "many" },
	};
	struct marks m = { 0 };

	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fresh();
		set(bad[i][0], bad[i][1]);
		assert_int_equal(marks_read(&trusted, unit_dirfd, "f",
					    MARKS_PRIVATE, &m),
				 -EBADMSG);
		assert_null(m.redirect);
	}
}

static void test_write(void **state)
{
	struct marks m;

	if (geteuid() != 0)
		skip();
	fresh();
	assert_int_equal(marks_set_ino(&trusted, unit_dirfd, "f", UINT64_MAX), 0);
	assert_int_equal(marks_set_rdev00(&trusted, unit_dirfd, "f"), 0);
	assert_int_equal(marks_set(&trusted, unit_dirfd, "f", LAYER_IMPURE, "y",
				   1),
			 0);
	assert_int_equal(marks_read(&trusted, unit_dirfd, "f", MARKS_PRIVATE, &m),
			 0);
	assert_true(m.ino == UINT64_MAX && m.rdev00 && m.impure);
	marks_release(&m);
	assert_int_equal(marks_remove(&trusted, unit_dirfd, "f", LAYER_IMPURE), 0);
	/* Gone is gone. */
	assert_int_equal(marks_remove(&trusted, unit_dirfd, "f", LAYER_IMPURE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_carried),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_write),
	};

	return cmocka_run_group_tests(tests, unit_setup, unit_teardown);
}
