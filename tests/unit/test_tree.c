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
	struct tree *tree;
	char *paths[COUNT + 1];
	size_t n;
};

static int note(tree_node n, const char *path, void *arg)
{
	_cleanup_bytes struct bytes relative = BYTES_INIT;
	struct seen *s = arg;

	assert_true(s->n <= COUNT);
	s->paths[s->n++] = strdup(path);
	assert_int_equal(tree_path(s->tree, n, &relative), 0);
	assert_string_equal(relative.data, path[1] ? path + 1 : ".");
	assert_int_equal(tree_path_len(s->tree, n),
			 path[1] ? strlen(path) : 0);
	return 0;
}

static void add_random(struct tree *t)
{
	static const char letters[] = "ab-./\xff!Z";
	tree_node dirs[COUNT] = { TREE_ROOT }, n;
	size_t ndirs = 1;

	for (int made = 0; made < COUNT;) {
		tree_node parent = dirs[(size_t)rand() % ndirs];
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
		assert_int_equal(tree_find(t, parent, name, len), n);
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

		srand(seed);
		assert_int_equal(tree_new(&s.tree, unit_dirfd), 0);
		add_random(s.tree);
		assert_int_equal(tree_walk(s.tree, note, &s), 0);
		assert_int_equal(s.n, COUNT + 1);
		assert_string_equal(s.paths[0], "/");
		for (size_t i = 1; i < s.n; i++)
			assert_true(strcmp(s.paths[i - 1], s.paths[i]) < 0);
		for (size_t i = 0; i < s.n; i++)
			free(s.paths[i]);
		tree_free(s.tree);
	}
}

static tree_node add(struct tree *t, tree_node parent, const char *name,
		     mode_t type)
{
	tree_node n;

	assert_int_equal(tree_add(t, parent, name, strlen(name), type, &n), 0);
	return n;
}

static uint32_t size_of(struct tree *t, tree_node n)
{
	struct manifest_entry e;

	assert_int_equal(tree_get(t, n, &e, NULL), 0);
	assert_null(e.xattrs);
	return (uint32_t)e.size;
}

/* Names of one inode: one record and one set of marks, whichever goes first. */
static void test_names(void **state)
{
	struct manifest_entry e = { .mode = S_IFREG | 0644, .size = 1234 };
	tree_node a, b, c, dir;
	struct tree *t;

	assert_int_equal(tree_new(&t, unit_dirfd), 0);
	dir = add(t, TREE_ROOT, "dir", S_IFDIR);
	a = add(t, dir, "a", S_IFREG);
	assert_int_equal(tree_nlink(t, a), 1);
	assert_null(tree_group_number(t, a));
	assert_int_equal(tree_put(t, a, &e, NULL), 0);
	tree_mark(t, a, TREE_STAGED, true);
	assert_int_equal(tree_link(t, dir, "b", 1, a, &b), 0);
	assert_int_equal(tree_link(t, dir, "c", 1, b, &c), 0);
	assert_int_equal(tree_nlink(t, a), 3);
	assert_int_equal(tree_nlink(t, TREE_ROOT), 3);
	*tree_group_number(t, a) = 7;
	tree_remove(t, a);
	assert_int_equal(tree_find(t, dir, "a", 1), TREE_NONE);
	/* Its number is not given to others while the record has it. */
	a = add(t, dir, "a", S_IFREG);
	assert_int_equal(size_of(t, a), 0);
	assert_false(tree_marked(t, a, TREE_STAGED));
	assert_int_equal(size_of(t, c), 1234);
	assert_true(tree_marked(t, b, TREE_STAGED));
	assert_int_equal(*tree_group_number(t, c), 7);
	assert_int_equal(tree_inode(t, b), tree_inode(t, c));
	assert_string_equal(tree_name(t, c), "c");
	tree_remove(t, b);
	assert_int_equal(tree_nlink(t, c), 1);
	assert_int_equal(size_of(t, c), 1234);
	tree_remove(t, c);
	tree_remove(t, a);
	assert_int_equal(tree_child(t, dir), TREE_NONE);
	tree_remove(t, dir);
	assert_int_equal(tree_nlink(t, TREE_ROOT), 2);
	assert_int_equal(tree_next_dir(t, TREE_NONE), TREE_ROOT);
	assert_int_equal(tree_next_dir(t, TREE_ROOT), TREE_NONE);
	/* All numbers are there again. */
	for (int i = 0; i < 5; i++)
		assert_true(add(t, TREE_ROOT, (const char[]){ (char)('0' + i),
							      '\0' },
				S_IFREG) <= 6);
	tree_free(t);
	tree_free(NULL);
}

/* Records come back as they were, also when they do not fit in memory. */
static void test_records(void **state)
{
	tree_node nodes[20000];
	struct tree *t;

	assert_int_equal(tree_new(&t, unit_dirfd), 0);
	for (size_t i = 0; i < 20000; i++) {
		struct manifest_xattr x[2] = { { (char *)"user.a", NULL, 100 },
					       { (char *)"user.b",
						 (char *)"", 0 } };
		struct manifest_entry e = { .mode = S_IFLNK | 0777, .uid = 1,
					    .mtime_sec = -5, .xattrs = x,
					    .nxattrs = i % 3, .size = i };
		struct tree_origin o = { .place.ino = i };
		char value[101], name[20];

		memset(value, (char)i, 100);
		x[0].value = value;
		snprintf(name, sizeof(name), "%zu", i);
		e.target = name;
		nodes[i] = add(t, TREE_ROOT, name, S_IFLNK);
		assert_int_equal(tree_put(t, nodes[i], &e, &o), 0);
	}
	for (size_t i = 0; i < 20000; i++) {
		struct manifest_entry e;
		struct tree_origin o;

		assert_int_equal(tree_get(t, nodes[i], &e, &o), 0);
		assert_int_equal(e.size, i);
		assert_int_equal(e.mtime_sec, -5);
		assert_int_equal(o.place.ino, i);
		assert_string_equal(e.target, tree_name(t, nodes[i]));
		assert_int_equal(e.nxattrs, i % 3);
		if (e.nxattrs) {
			assert_string_equal(e.xattrs[0].name, "user.a");
			assert_int_equal(e.xattrs[0].len, 100);
			assert_int_equal(e.xattrs[0].value[99], (char)i);
		}
		manifest_entry_release(&e);
	}
	tree_free(t);
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
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_source_path),
		cmocka_unit_test(test_acl),
	};

	return cmocka_run_group_tests(tests, unit_setup, unit_teardown);
}
