// SPDX-License-Identifier: Apache-2.0
#include "base/fileio.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "base/cleanup.h"

static void put(const char *name, const char *text)
{
	assert_int_equal(fileio_write_file(unit_dirfd, name, text,
					   strlen(text), 0644), 0);
}

static void gone(const char *name)
{
	assert_int_equal(faccessat(unit_dirfd, name, F_OK,
				   AT_SYMLINK_NOFOLLOW), -1);
	assert_int_equal(errno, ENOENT);
}

static void *feed(void *arg)
{
	int fd = *(int *)arg, i;

	for (i = 0; i < 1000; i++) {
		if (fileio_write_all(fd, "0123456789", 10))
			return arg;
		if (i % 100 == 0)
			usleep(1000);
	}
	close(fd);
	return NULL;
}

static void test_short_transfers(void **state)
{
	char buf[20000];
	pthread_t writer;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(pthread_create(&writer, NULL, feed, &fds[1]), 0);
	assert_int_equal(fileio_read_full(fds[0], buf, 3333), 3333);
	assert_int_equal(fileio_read_full(fds[0], buf, sizeof(buf)),
			 10000 - 3333);
	assert_memory_equal(buf, "3456789012", 10);
	pthread_join(writer, NULL);
	close(fds[0]);
	assert_int_equal(fileio_read_full(-1, buf, 1), -EBADF);
	assert_int_equal(fileio_write_all(-1, buf, 1), -EBADF);
}

static void test_read_file(void **state)
{
	_cleanup_bytes struct bytes b = BYTES_INIT;
	static char big[10000];

	memset(big, 'b', sizeof(big) - 1);
	put("big", big);
	assert_int_equal(fileio_read_file(unit_dirfd, "big", 9999, &b), 0);
	assert_string_equal(b.data, big);
	assert_int_equal(fileio_read_file(unit_dirfd, "big", 9998, &b),
			 -EFBIG);
	assert_int_equal(b.len, 9999);
	put("empty", "");
	assert_int_equal(fileio_read_file(unit_dirfd, "empty", 0, &b), 0);
	assert_int_equal(b.len, 0);
	assert_int_equal(symlinkat("big", unit_dirfd, "link"), 0);
	assert_int_equal(fileio_read_file(unit_dirfd, "link", 9999, &b),
			 -ELOOP);
	assert_int_equal(fileio_read_file(unit_dirfd, "none", 9, &b),
			 -ENOENT);
	assert_int_equal(fileio_read_file(AT_FDCWD, "/proc/self/status", 65536,
					  &b), 0);
	assert_true(b.len > 100);
}

static size_t entries(void)
{
	_cleanup_dir DIR *dir = opendir(unit_dir);
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	return n;
}

static void test_write_file(void **state)
{
	_cleanup_fd int path = open(unit_dir, O_PATH | O_DIRECTORY);
	struct stat st, before;
	mode_t old;
	size_t n;

	put("rewritten", "first");
	assert_int_equal(fstatat(unit_dirfd, "rewritten", &before, 0), 0);
	old = umask(0077);
	n = entries();
	assert_int_equal(fileio_write_file(path, "rewritten", "second", 6,
					   0664), 0);
	umask(old);
	assert_int_equal(fstatat(unit_dirfd, "rewritten", &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0664);
	assert_int_equal(st.st_size, 6);
	assert_true(st.st_ino != before.st_ino);
	/* Over a directory it fails, and leaves nothing aside. */
	assert_int_equal(mkdirat(unit_dirfd, "dir", 0755), 0);
	assert_int_equal(fileio_write_file(path, "dir", "x", 1, 0600),
			 -EISDIR);
	assert_int_equal(entries(), n + 1);
}

static void test_mkdirs(void **state)
{
	char path[4096], *p = path;
	struct stat st;
	int i;

	snprintf(path, sizeof(path), "%s/m/n//o/", unit_dir);
	assert_int_equal(fileio_mkdirs(path, 0755), 0);
	assert_int_equal(fileio_mkdirs(path, 0755), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	put("file", "");
	snprintf(path, sizeof(path), "%s/file", unit_dir);
	assert_int_equal(fileio_mkdirs(path, 0755), -ENOTDIR);
	snprintf(path, sizeof(path), "%s/file/x/y", unit_dir);
	assert_int_equal(fileio_mkdirs(path, 0755), -ENOTDIR);
	assert_int_equal(fileio_mkdirs("", 0755), -ENOENT);
	assert_int_equal(fileio_mkdirs("/", 0755), 0);
	p += snprintf(path, sizeof(path), "%s", unit_dir);
	for (i = 0; i < 500; i++)
		p += snprintf(p, 6, "/deep");
	assert_int_equal(fileio_mkdirs(path, 0755), 0);
	assert_int_equal(stat(path, &st), 0);
	/* Relative, as a store may be named. */
	assert_int_equal(fchdir(unit_dirfd), 0);
	assert_int_equal(fileio_mkdirs("rel/a/b", 0700), 0);
	assert_int_equal(fstatat(unit_dirfd, "rel/a/b", &st, 0), 0);
	assert_int_equal(chdir("/"), 0);
}

static void test_remove_simple(void **state)
{
	put("victim", "x");
	assert_int_equal(mkdirat(unit_dirfd, "tree", 0755), 0);
	assert_int_equal(symlinkat("../victim", unit_dirfd, "tree/link"), 0);
	assert_int_equal(symlinkat("..", unit_dirfd, "tree/dirlink"), 0);
	assert_int_equal(mkfifoat(unit_dirfd, "tree/fifo", 0600), 0);
	assert_int_equal(mkdirat(unit_dirfd, "tree/empty", 0), 0);
	assert_int_equal(fileio_remove_tree(unit_dirfd, "tree"), 0);
	gone("tree");
	assert_int_equal(fileio_remove_tree(unit_dirfd, "tree"), -ENOENT);
	assert_int_equal(symlinkat("victim", unit_dirfd, "alias"), 0);
	assert_int_equal(fileio_remove_tree(unit_dirfd, "alias"), 0);
	gone("alias");
	assert_int_equal(fileio_remove_tree(unit_dirfd, "victim"), 0);
	gone("victim");
	assert_int_equal(fileio_remove_tree(unit_dirfd, "."), -EINVAL);
	assert_int_equal(fileio_remove_tree(unit_dirfd, ".."), -EINVAL);
	assert_int_equal(fileio_remove_tree(unit_dirfd, "a/b"), -EINVAL);
	assert_int_equal(fileio_remove_tree(unit_dirfd, ""), -ENOENT);
}

/* What is mounted inside belongs to others. */
static void test_remove_spares_mounts(void **state)
{
	char path[512];
	int err;

	assert_int_equal(mkdirat(unit_dirfd, "outer", 0755), 0);
	assert_int_equal(mkdirat(unit_dirfd, "outer/mnt", 0755), 0);
	snprintf(path, sizeof(path), "%s/outer/mnt", unit_dir);
	if (unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(unit_dir, path, NULL, MS_BIND, NULL))
		skip();
	put("precious", "x");
	err = fileio_remove_tree(unit_dirfd, "outer");
	assert_true(err == -EBUSY || err == -EXDEV);
	assert_int_equal(faccessat(unit_dirfd, "precious", F_OK, 0), 0);
	assert_int_equal(umount(path), 0);
	assert_int_equal(fileio_remove_tree(unit_dirfd, "outer"), 0);
}

/* Deeper than PATH_MAX and than there are descriptors. */
static void test_remove_deep(void **state)
{
	struct rlimit old, few = { 64, 64 };
	int fd = dup(unit_dirfd), next, i;

	for (i = 0; i < 1000; i++) {
		assert_int_equal(mkdirat(fd, "level", 0700), 0);
		assert_int_equal(symlinkat("/", fd, "a"), 0);
		if (i % 10 == 0) {
			assert_int_equal(mkdirat(fd, "z", 0700), 0);
			assert_int_equal(mkdirat(fd, "z/y", 0700), 0);
		}
		next = openat(fd, "level", O_RDONLY | O_DIRECTORY);
		assert_true(next >= 0);
		close(fd);
		fd = next;
	}
	close(fd);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(fileio_remove_tree(unit_dirfd, "level"), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	gone("level");
}

static void test_remove_wide(void **state)
{
	char name[64];
	int i;

	assert_int_equal(mkdirat(unit_dirfd, "wide", 0755), 0);
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "wide/%d", i);
		assert_int_equal(mkdirat(unit_dirfd, name, 0755), 0);
		snprintf(name, sizeof(name), "wide/%d/x", i);
		assert_int_equal(mkdirat(unit_dirfd, name, 0755), 0);
	}
	assert_int_equal(fileio_remove_tree(unit_dirfd, "wide"), 0);
	gone("wide");
}

/* As somebody to whom permissions apply; the exit status is 0 if it worked. */
static void test_remove_forbidden(void **state)
{
	int status, fd;
	pid_t pid;

	assert_int_equal(mkdirat(unit_dirfd, "mine", 0777), 0);
	assert_int_equal(fchmodat(unit_dirfd, "mine", 0777, 0), 0);
	assert_int_equal(fchmodat(AT_FDCWD, unit_dir, 0755, 0), 0);
	pid = fork();
	if (pid == 0) {
		if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
			_exit(2);
		fd = openat(unit_dirfd, "mine", O_RDONLY | O_DIRECTORY);
		if (fd < 0 || mkdirat(fd, "d", 0700) ||
		    mkdirat(fd, "d/e", 0700) || mkdirat(fd, "d/e/f", 0000) ||
		    mknodat(fd, "d/e/x", S_IFREG | 0600, 0) ||
		    fchmodat(fd, "d/e", 0000, 0) ||
		    fchmodat(fd, "d", 0500, 0))
			_exit(3);
		_exit(fileio_remove_tree(fd, "d") == 0 ? 0 : 4);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(fileio_remove_tree(unit_dirfd, "mine"), 0);
}

static void *remove_it(void *arg)
{
	int err = fileio_remove_tree(unit_dirfd, "shared");

	return err && err != -ENOENT ? (void *)(intptr_t)err : NULL;
}

/* Two removers of one tree do not disturb one another. */
static void test_remove_together(void **state)
{
	pthread_t threads[4];
	char name[64];
	void *failed;
	int i, j;

	assert_int_equal(mkdirat(unit_dirfd, "shared", 0755), 0);
	for (i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "shared/%d", i);
		assert_int_equal(mkdirat(unit_dirfd, name, 0755), 0);
		for (j = 0; j < 30; j++) {
			snprintf(name, sizeof(name), "shared/%d/%d", i, j);
			assert_int_equal(mkdirat(unit_dirfd, name, 0755), 0);
			snprintf(name, sizeof(name), "shared/%d/%d/f", i, j);
			assert_int_equal(mknodat(unit_dirfd, name,
						 S_IFREG | 0600, 0), 0);
		}
	}
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, remove_it,
						NULL), 0);
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	gone("shared");
}

#define ATTR "user.stencil-test"

static void test_xattr(void **state)
{
	_cleanup_bytes struct bytes names = BYTES_INIT;
	_cleanup_fd int fd = -1;
	static char big[3000];
	char value[16], name[32];
	int i, err;

	put("attrs", "x");
	err = fileio_setxattr(unit_dirfd, "attrs", ATTR, "abc", 3, 0);
	if (err == -EOPNOTSUPP)
		skip();
	assert_int_equal(err, 0);
	fd = openat(unit_dirfd, "attrs", O_PATH);
	assert_int_equal(fileio_getxattr(fd, NULL, ATTR, value, 16), 3);
	assert_memory_equal(value, "abc", 3);
	assert_int_equal(fileio_getxattr(unit_dirfd, "attrs", ATTR, value, 2),
			 -ERANGE);
	assert_int_equal(fileio_setxattr(fd, NULL, ATTR, "d", 1, XATTR_CREATE),
			 -EEXIST);
	assert_int_equal(fileio_listxattr(fd, NULL, &names), 0);
	assert_non_null(memmem(names.data, names.len, ATTR, sizeof(ATTR)));
	assert_int_equal(fileio_removexattr(fd, NULL, ATTR), 0);
	assert_int_equal(fileio_removexattr(fd, NULL, ATTR), -ENODATA);
	assert_int_equal(fileio_getxattr(fd, NULL, ATTR, value, 16), -ENODATA);
	/* More names than fit the first guess. */
	memset(big, 'n', 200);
	for (i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "user.%d.", i);
		memcpy(big, name, strlen(name));
		assert_int_equal(fileio_setxattr(fd, NULL, big, "", 0, 0), 0);
	}
	assert_int_equal(fileio_listxattr(unit_dirfd, "attrs", &names), 0);
	assert_true(names.len >= 10 * 201);
}

/* A symlink's own attributes, never its target's. */
static void test_xattr_of_symlink(void **state)
{
	_cleanup_fd int fd = -1;
	char value[16];
	int err;

	put("target", "x");
	assert_int_equal(symlinkat("target", unit_dirfd, "sym"), 0);
	fd = openat(unit_dirfd, "sym", O_PATH | O_NOFOLLOW);
	assert_int_equal(fileio_setxattr(fd, NULL, ATTR, "v", 1, 0), -EPERM);
	err = fileio_setxattr(unit_dirfd, "sym", "trusted.t", "v", 1, 0);
	if (err == -EPERM || err == -EOPNOTSUPP)
		skip();
	assert_int_equal(err, 0);
	assert_int_equal(fileio_getxattr(fd, NULL, "trusted.t", value, 16), 1);
	assert_int_equal(fileio_getxattr(unit_dirfd, "target", "trusted.t",
					 value, 16), -ENODATA);
}

static void test_proc_path(void **state)
{
	char path[FILEIO_PROC_PATH], name[256];

	fileio_proc_path(path, 7, NULL);
	assert_string_equal(path, "/proc/self/fd/7");
	fileio_proc_path(path, 7, "..x");
	assert_string_equal(path, "/proc/self/fd/7/..x");
	memset(name, 'n', 255);
	name[255] = '\0';
	fileio_proc_path(path, INT32_MAX, name);
	assert_int_equal(strlen(path), strlen("/proc/self/fd/2147483647/") +
				       255);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short_transfers),
		cmocka_unit_test(test_read_file),
		cmocka_unit_test(test_write_file),
		cmocka_unit_test(test_mkdirs),
		cmocka_unit_test(test_remove_simple),
		cmocka_unit_test(test_remove_deep),
		cmocka_unit_test(test_remove_wide),
		cmocka_unit_test(test_remove_forbidden),
		cmocka_unit_test(test_remove_together),
		cmocka_unit_test(test_xattr),
		cmocka_unit_test(test_xattr_of_symlink),
		cmocka_unit_test(test_proc_path),
		/* Last: leaves this process in a mount namespace. */
		cmocka_unit_test(test_remove_spares_mounts),
	};

	return cmocka_run_group_tests(tests, unit_setup, unit_teardown);
}
