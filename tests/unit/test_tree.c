// SPDX-License-Identifier: Apache-2.0
#include "mkimage/tree.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "mkimage/acl.h"
#include "mkimage/source.h"

#define COUNT 3000

struct seen {
	char *paths[COUNT + 1];
	size_t n;
};

static int note(struct tree_node *n, const char *path, void *arg)
{
	_cleanup_bytes struct bytes relative = BYTES_INIT;
	struct seen *s = arg;

	assert_true(s->n <= COUNT);
	s->paths[s->n++] = strdup(path);
	assert_int_equal(tree_path(n, &relative), 0);
	assert_string_equal(relative.data, path[1] ? path + 1 : ".");
	return 0;
}

static void add_random(struct tree *t)
{
	static const char letters[] = "ab-./\xff!Z";
	struct tree_node *dirs[COUNT] = { tree_root(t) }, *n;
	size_t ndirs = 1;

	for (int made = 0; made < COUNT;) {
		struct tree_node *parent = dirs[(size_t)rand() % ndirs];
		bool is_dir = rand() % 3 == 0;
		char name[5] = "";
		size_t len = 1 + (size_t)rand() % 4;

		for (size_t i = 0; i < len; i++)
			do {
				name[i] = letters[rand() % 8];
			} while (name[i] == '/');
		if (!strcmp(name, ".") || !strcmp(name, "..") ||
		    tree_find(t, parent, name, len))
			continue;
		assert_int_equal(tree_add(t, parent, name, len,
					  is_dir ? S_IFDIR : S_IFREG, &n), 0);
		assert_ptr_equal(tree_find(t, parent, name, len), n);
		if (is_dir)
			dirs[ndirs++] = n;
		made++;
	}
}

/* Walked in the order of the whole paths' bytes, whatever came when. */
static void test_order(void **state)
{
	for (unsigned int seed = 1; seed < 6; seed++) {
		struct seen s = { .n = 0 };
		struct tree *t;

		srand(seed);
		assert_int_equal(tree_new(&t), 0);
		add_random(t);
		assert_int_equal(tree_walk(t, note, &s), 0);
		assert_int_equal(s.n, COUNT + 1);
		assert_string_equal(s.paths[0], "/");
		for (size_t i = 1; i < s.n; i++)
			assert_true(strcmp(s.paths[i - 1], s.paths[i]) < 0);
		for (size_t i = 0; i < s.n; i++)
			free(s.paths[i]);
		tree_free(t);
	}
}

static void test_names(void **state)
{
	struct tree_node *a, *b, *dir;
	struct tree *t;

	assert_int_equal(tree_new(&t), 0);
	assert_int_equal(tree_add(t, tree_root(t), "dir", 3, S_IFDIR, &dir), 0);
	assert_int_equal(tree_add(t, dir, "a", 1, S_IFREG, &a), 0);
	assert_int_equal(tree_link(t, dir, "b", 1, a->inode, &b), 0);
	assert_int_equal(a->inode->nnames, 2);
	assert_int_equal(tree_root(t)->inode->dir.nsubdirs, 1);
	tree_remove(t, a);
	assert_null(tree_find(t, dir, "a", 1));
	assert_int_equal(b->inode->nnames, 1);
	assert_ptr_equal(b->inode->names, b);
	tree_remove(t, b);
	assert_null(dir->inode->dir.children);
	tree_remove(t, dir);
	assert_int_equal(tree_root(t)->inode->dir.nsubdirs, 0);
	tree_free(t);
	tree_free(NULL);
}

static void test_source_path(void **state)
{
	static const char *const good[][2] = {
		{ "a", "/a" }, { "./a", "/a" }, { "/a//b/./c/", "/a/b/c" },
		{ ".", "/" }, { "/", "/" }, { "./", "/" },
		{ "...", "/..." }, { "..a/a..", "/..a/a.." },
	};
	static const char *const bad[] = { "", "..", "../a", "a/..", "a/../b",
					   "/.." };
	char name[8000];
	char *path;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(source_path(good[i][0], &path), 0);
		assert_string_equal(path, good[i][1]);
		free(path);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(source_path(bad[i], &path), -EINVAL);
	memset(name, 'x', sizeof(name));
	name[256] = '\0';
	assert_int_equal(source_path(name, &path), -ENAMETOOLONG);
	name[255] = '\0';
	assert_int_equal(source_path(name, &path), 0);
	free(path);
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = i % 2 ? '/' : 'x';
	name[4094] = '\0';
	assert_int_equal(source_path(name, &path), 0);
	assert_int_equal(strlen(path), 4094);
	free(path);
	/* With the slash in front it has PATH_MAX bytes. */
	name[4094] = 'x';
	name[4095] = '\0';
	assert_int_equal(source_path(name, &path), -ENAMETOOLONG);
}

static void test_acl(void **state)
{
	_cleanup_bytes struct bytes value = BYTES_INIT;
	struct acl a = { NULL, 0 };

	assert_int_equal(acl_add(&a, ACL_TAG_OTHER, 1, ACL_NO_ID), 0);
	assert_int_equal(acl_add(&a, ACL_TAG_USER_OBJ, 7, ACL_NO_ID), 0);
	assert_int_equal(acl_add(&a, ACL_TAG_GROUP_OBJ, 0, ACL_NO_ID), 0);
	assert_true(acl_is_minimal(&a));
	assert_int_equal(acl_add(&a, ACL_TAG_MASK, 6, ACL_NO_ID), 0);
	assert_int_equal(acl_add(&a, ACL_TAG_USER, 4, 2000), 0);
	assert_int_equal(acl_add(&a, ACL_TAG_USER, 4, 1000), 0);
	assert_false(acl_is_minimal(&a));
	assert_int_equal(acl_format(&a, &value), 0);
	assert_int_equal(value.len, 4 + 6 * 8);
	assert_memory_equal(value.data,
			    "\2\0\0\0"
			    "\1\0\7\0\377\377\377\377\2\0\4\0\350\3\0\0"
			    "\2\0\4\0\320\7\0\0\4\0\0\0\377\377\377\377"
			    "\20\0\6\0\377\377\377\377\40\0\1\0\377\377\377\377",
			    52);
	assert_int_equal(acl_mode(value.data, value.len, S_IFREG | 04000),
			 S_IFREG | 04761);
	assert_int_equal(acl_mode("", 0, 0644), 0644);
	acl_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_source_path),
		cmocka_unit_test(test_acl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
