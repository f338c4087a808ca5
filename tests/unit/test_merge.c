/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/layers.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* Three foreign layers: "a" is the topmost. */
static struct fs fs;

static void make_dir(const char *path)
{
	assert_int_equal(mkdirat(unit_dirfd, path, 0755), 0);
}

static void make_file(const char *path, const char *text)
{
	int fd = openat(unit_dirfd, path, O_CREAT | O_EXCL | O_WRONLY, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fileio_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

static void make_whiteout(const char *path)
{
	assert_int_equal(mknodat(unit_dirfd, path, S_IFCHR, makedev(0, 0)), 0);
}

static void mark(const char *path, const char *attr, const char *value)
{
	int fd = openat(unit_dirfd, path, O_PATH | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fileio_setxattr(fd, NULL, attr, value, strlen(value),
					 0),
			 0);
	close(fd);
}

static int setup(void **state)
{
	if (unit_setup(state))
		return -1;
	make_dir("a");
	make_dir("b");
	make_dir("c");
	return 0;
}

static void open_stack(void)
{
	char paths[3][300];
	const char *list[3], *what = NULL;

	memset(&fs, 0, sizeof(fs));
	fdcache_init(&fs.fdcache, 16);
	for (int i = 0; i < 3; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/%c", unit_dir,
			 'a' + i);
		list[i] = paths[i];
	}
	assert_int_equal(layers_open(&fs, list, 3, &what), 0);
}

static void close_stack(void)
{
	layers_close(&fs);
	assert_int_equal(fs.fdcache.count, 0);
	fdcache_release(&fs.fdcache);
}

/* Looks a path up from the roots: the layers found, as letters, top first. */
static const char *find(const char *path)
{
	static char out[8];
	struct merged cur = { 0 }, next;
	struct lower *const *dirs = fs.roots;
	unsigned n = fs.nlayers, i;
	char copy[256], *save, *name;
	int r = 0;

	snprintf(copy, sizeof(copy), "%s", path);
	for (name = strtok_r(copy, "/", &save); name && !r;
	     name = strtok_r(NULL, "/", &save)) {
		r = merged_lookup(&fs, dirs, n, name, &next);
		merged_release(&fs, &cur);
		if (r)
			break;
		cur = next;
		dirs = cur.lowers;
		n = cur.n;
	}
	if (r == -ENOENT)
		return "-";
	if (r)
		return "error";
	for (i = 0; i < cur.n; i++)
		out[i] = (char)('a' + cur.lowers[i]->layer->index);
	out[i] = '\0';
	merged_release(&fs, &cur);
	return out;
}

static void test_merge(void **state)
{
	make_dir("a/merge");
	make_dir("b/merge");
	make_dir("c/merge");
	make_file("c/merge/low", "x");
	make_file("b/merge/low", "y");
	make_file("b/file", "hides the directory below");
	make_dir("c/file");
	open_stack();
	assert_string_equal(find("merge"), "abc");
	assert_string_equal(find("merge/low"), "b");
	assert_string_equal(find("file"), "b");
	assert_string_equal(find("absent"), "-");
	close_stack();
}

static void test_whiteouts(void **state)
{
	if (geteuid() != 0)
		skip();
	make_dir("b/wh");
	make_file("b/wh/x", "");
	make_file("b/wh/y", "");
	make_file("b/wh/z", "");
	make_dir("a/wh");
	make_whiteout("a/wh/x");
	make_file("a/wh/.wh.y", "");
	make_file("a/wh/z", "");
	mark("a/wh/z", "trusted.overlay.whiteout", "");
	open_stack();
	assert_string_equal(find("wh/x"), "-");
	assert_string_equal(find("wh/y"), "-");
	assert_string_equal(find("wh/.wh.y"), "-");
	/* Only in a directory that is marked is the attribute a whiteout. */
	assert_string_equal(find("wh/z"), "a");
	close_stack();
	mark("a/wh", "trusted.overlay.opaque", "x");
	open_stack();
	assert_string_equal(find("wh/z"), "-");
	assert_string_equal(find("wh"), "ab");
	close_stack();
}

static void test_opaque(void **state)
{
	static const char *const attrs[] = {
		"trusted.overlay.opaque", "user.overlay.opaque",
		"user.fuseoverlayfs.opaque",
	};
	char path[64];

	if (geteuid() != 0)
		skip();
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "b/op%d", i);
		make_dir(path);
		path[0] = 'a';
		make_dir(path);
		if (i < 3)
			mark(path, attrs[i], "y");
		else
			make_file("a/op3/.wh..wh..opq", "");
	}
	open_stack();
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "op%d", i);
		assert_string_equal(find(path), "a");
	}
	close_stack();
}

static void test_redirects(void **state)
{
	if (geteuid() != 0)
		skip();
	make_dir("a/new");
	make_dir("b/old");
	make_dir("c/old");
	make_file("b/old/inside", "");
	make_dir("a/deep");
	make_dir("b/p");
	make_dir("b/p/q");
	mark("a/new", "trusted.overlay.redirect", "old");
	mark("a/deep", "trusted.overlay.redirect", "/p/q");
	make_dir("a/evil");
	make_dir("a/evil2");
	mark("a/evil", "trusted.overlay.redirect", "/../../etc");
	mark("a/evil2", "trusted.overlay.redirect", "..");
	open_stack();
	assert_string_equal(find("new"), "abc");
	assert_string_equal(find("new/inside"), "b");
	assert_string_equal(find("deep"), "ab");
	assert_string_equal(find("evil"), "error");
	assert_string_equal(find("evil2"), "error");
	close_stack();
}

/* A redirect names what it leads to as the layers above see it. */
static void test_path(void **state)
{
	struct merged dir, file;
	struct bytes path = BYTES_INIT;

	if (geteuid() != 0)
		skip();
	open_stack();
	assert_int_equal(merged_lookup(&fs, fs.roots, 3, "new", &dir), 0);
	assert_int_equal(merged_lookup(&fs, dir.lowers, dir.n, "inside",
				       &file),
			 0);
	assert_int_equal(lower_path(file.lowers[0], &path), 0);
	assert_string_equal(path.data, "/new/inside");
	bytes_release(&path);
	merged_release(&fs, &file);
	merged_release(&fs, &dir);
	close_stack();
}

static void test_numbers(void **state)
{
	struct merged m;

	open_stack();
	assert_int_equal(merged_lookup(&fs, fs.roots, 3, "merge", &m), 0);
	/* The bottom layer's numbers are its own. */
	assert_true(lower_ino(m.lowers[2]) == m.lowers[2]->ino);
	assert_true(lower_ino(m.lowers[0]) ==
		    m.lowers[0]->ino + (2ULL << LAYERS_INO_SHIFT));
	merged_release(&fs, &m);
	close_stack();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_whiteouts),
		cmocka_unit_test(test_opaque),
		cmocka_unit_test(test_redirects),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, setup, unit_teardown);
}
