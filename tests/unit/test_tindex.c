// SPDX-License-Identifier: Apache-2.0
#include "base/tindex.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/manifest.h"
#include "mkimage/tindex_write.h"

#define FILES 300

/* A manifest's line for what is there; digests do not matter here. */
static void add_line(struct bytes *out, const char *path, uint32_t nlink,
		     const char *target, const char *attr)
{
	struct manifest_xattr x = { (char *)attr, (char *)"v", 1 };
	struct manifest_entry e = { .path = (char *)path,
				    .target = (char *)target,
				    .nlink = nlink };
	char real[300];
	struct stat st;

	snprintf(real, sizeof(real), "root%s", path);
	assert_int_equal(fstatat(unit_dirfd, real, &st, AT_SYMLINK_NOFOLLOW),
			 0);
	e.mode = st.st_mode;
	e.uid = st.st_uid;
	e.gid = st.st_gid;
	e.mtime_sec = st.st_mtim.tv_sec;
	e.mtime_nsec = (uint32_t)st.st_mtim.tv_nsec;
	if (!S_ISDIR(st.st_mode))
		e.size = (uint64_t)st.st_size;
	if (S_ISCHR(st.st_mode))
		e.rdev = st.st_rdev;
	if (attr) {
		e.xattrs = &x;
		e.nxattrs = 1;
	}
	assert_int_equal(manifest_format(&e, out), 0);
}

static void make_file(const char *name)
{
	int fd = openat(unit_dirfd, name, O_WRONLY | O_CREAT | O_EXCL, 0640);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, name, strlen(name)), strlen(name));
	close(fd);
}

/* "/a", "/a-b" and "/a/..." do not come in the order of a walk. */
static void make_tree(void)
{
	_cleanup_bytes struct bytes m = BYTES_INIT;
	char name[64];
	int fd;

	assert_int_equal(mkdirat(unit_dirfd, "root", 0755), 0);
	assert_int_equal(mkdirat(unit_dirfd, "root/a", 0700), 0);
	make_file("root/a-b");
	assert_int_equal(symlinkat("to/where", unit_dirfd, "root/link"), 0);
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "root/a/file%03d", i);
		make_file(name);
	}
	add_line(&m, "/", 3, NULL, NULL);
	add_line(&m, "/a", 2, NULL, "trusted.overlay.opaque");
	add_line(&m, "/a-b", 1, NULL, "user.x");
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "/a/file%03d", i);
		add_line(&m, name, i == 7 ? 5 : 1, NULL, NULL);
	}
	add_line(&m, "/link", 1, "to/where", NULL);
	fd = openat(unit_dirfd, "manifest", O_WRONLY | O_CREAT, 0600);
	assert_int_equal(fileio_write_all(fd, m.data, m.len), 0);
	close(fd);
}

static struct tindex *open_index(void)
{
	int rootfd = openat(unit_dirfd, "root", O_PATH | O_DIRECTORY);
	struct tindex *t;

	assert_int_equal(tindex_open(rootfd, &t), 0);
	close(rootfd);
	return t;
}

static void check(struct tindex *t, const struct tindex_entry *dir,
		  const char *name, const char *path, unsigned int flags)
{
	const struct tindex_entry *e;
	struct stat want, got;

	assert_int_equal(tindex_find(t, dir, name, &e), 0);
	assert_int_equal(fstatat(unit_dirfd, path, &want, AT_SYMLINK_NOFOLLOW),
			 0);
	tindex_stat(t, e, want.st_dev, &got);
	assert_int_equal(got.st_ino, want.st_ino);
	assert_int_equal(got.st_mode, want.st_mode);
	assert_int_equal(got.st_uid, want.st_uid);
	assert_int_equal(got.st_size, want.st_size);
	assert_int_equal(got.st_blocks, want.st_blocks);
	assert_int_equal(got.st_mtim.tv_sec, want.st_mtim.tv_sec);
	assert_int_equal(got.st_mtim.tv_nsec, want.st_mtim.tv_nsec);
	assert_int_equal(tindex_flags(e), flags);
}

static void test_says_the_same(void **state)
{
	const struct tindex_entry *root, *dir, *e;
	char name[32], path[64];
	struct tindex *t;
	const char *text;
	struct stat st;

	make_tree();
	assert_int_equal(tindex_write(unit_dirfd), 0);
	t = open_index();
	root = tindex_root(t);
	assert_int_equal(tindex_entries(t, root, &e), 3);
	check(t, root, "a", "root/a", TINDEX_XATTRS | TINDEX_MARKS);
	check(t, root, "a-b", "root/a-b", TINDEX_XATTRS);
	check(t, root, "link", "root/link", 0);
	assert_int_equal(tindex_find(t, root, "link", &e), 0);
	assert_int_equal(tindex_target(t, e, &text), 8);
	assert_memory_equal(text, "to/where", 8);
	assert_int_equal(tindex_find(t, root, "b", &e), -ENOENT);
	assert_int_equal(tindex_find(t, root, "", &e), -ENOENT);
	assert_int_equal(tindex_find(t, root, "a", &dir), 0);
	assert_int_equal(tindex_entries(t, dir, &e), FILES);
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "file%03d", i);
		snprintf(path, sizeof(path), "root/a/%s", name);
		check(t, dir, name, path, 0);
	}
	assert_int_equal(tindex_find(t, dir, "file007", &e), 0);
	tindex_stat(t, e, 0, &st);
	assert_int_equal(st.st_nlink, 5);
	tindex_close(t);
}

/* Walks all there is, as far as it can be walked. */
static void walk(const struct tindex *t, const struct tindex_entry *dir)
{
	const struct tindex_entry *e, *found;
	const char *text;
	int n = tindex_entries(t, dir, &e), len;
	char name[NAME_MAX + 1];

	for (int i = 0; i < n; i++) {
		len = tindex_name(t, &e[i], &text);
		if (len >= 0) {
			memcpy(name, text, (size_t)len);
			name[len] = '\0';
			tindex_find(t, dir, name, &found);
		}
		if (S_ISDIR(tindex_mode(&e[i])))
			walk(t, &e[i]);
		len = tindex_target(t, &e[i], &text);
		if (len > 0) {
			char last = text[len - 1];

			(void)last;
		}
	}
}

/* A damaged index is refused or leads nowhere, but never out of itself. */
static void test_damage(void **state)
{
	int rootfd = openat(unit_dirfd, "root", O_PATH | O_DIRECTORY);
	int fd = openat(unit_dirfd, TINDEX_FILE, O_RDWR);
	struct tindex *t;
	struct stat st;
	unsigned char was, bad;

	assert_int_equal(fstat(fd, &st), 0);
	for (off_t at = 0; at < st.st_size; at++) {
		assert_int_equal(pread(fd, &was, 1, at), 1);
		for (int bit = 0; bit < 8; bit += 7) {
			bad = was ^ (unsigned char)(1 << bit);
			assert_int_equal(pwrite(fd, &bad, 1, at), 1);
			if (!tindex_open(rootfd, &t)) {
				walk(t, tindex_root(t));
				tindex_close(t);
			}
		}
		assert_int_equal(pwrite(fd, &was, 1, at), 1);
	}
	close(fd);
	t = open_index();
	tindex_close(t);
	close(rootfd);
}

static void test_refused(void **state)
{
	int rootfd = openat(unit_dirfd, "root", O_PATH | O_DIRECTORY);
	int fd = openat(unit_dirfd, TINDEX_FILE, O_RDWR), other;
	uint32_t version = htole32(TINDEX_VERSION + 1);
	struct tindex *t;
	struct stat st;

	assert_int_equal(pwrite(fd, &version, 4, 8), 4);
	assert_int_equal(tindex_open(rootfd, &t), -EPROTO);
	version = htole32(TINDEX_VERSION);
	assert_int_equal(pwrite(fd, &version, 4, 8), 4);
	/* The same index beside another tree. */
	assert_int_equal(mkdirat(unit_dirfd, "other", 0755), 0);
	other = openat(unit_dirfd, "other", O_PATH | O_DIRECTORY);
	assert_int_equal(tindex_open(other, &t), -ESTALE);
	close(other);
	assert_int_equal(fstat(fd, &st), 0);
	for (off_t size = st.st_size - 1; size >= 0; size -= 97) {
		assert_int_equal(ftruncate(fd, size), 0);
		assert_int_equal(tindex_open(rootfd, &t), -EBADMSG);
	}
	close(fd);
	assert_int_equal(unlinkat(unit_dirfd, TINDEX_FILE, 0), 0);
	assert_int_equal(tindex_open(rootfd, &t), -ENOENT);
	close(rootfd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_says_the_same),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, unit_setup, unit_teardown);
}
