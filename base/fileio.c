// SPDX-License-Identifier: Apache-2.0
#include "base/fileio.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"

#define READ_FIRST 4096
#define LIST_FIRST 1024
#define ASIDE_TRIES 16

int fileio_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		/* Not an error of write(2), yet no progress is possible. */
		if (n == 0)
			return -EIO;
		p += n;
		len -= n;
	}
	return 0;
}

ssize_t fileio_read_full(int fd, void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = read(fd, (char *)buf + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += n;
	}
	return done;
}

/* Hands the content on; what `ret` held before is freed. */
static void replace(struct bytes *ret, struct bytes *by)
{
	bytes_release(ret);
	*ret = *by;
	*by = (struct bytes)BYTES_INIT;
}

/* Until end of file: the size that stat(2) tells is not to be trusted (/proc
 * says 0, and a file may grow meanwhile). */
int fileio_read_file(int dirfd, const char *path, size_t max,
		     struct bytes *ret)
{
	_cleanup_bytes struct bytes content = BYTES_INIT;
	_cleanup_fd int fd = openat(dirfd, path, O_RDONLY | O_NOFOLLOW |
				    O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char block[READ_FIRST];
	ssize_t n;
	int err;

	if (fd < 0)
		return -errno;
	do {
		n = fileio_read_full(fd, block, sizeof(block));
		if (n < 0)
			return n;
		if ((size_t)n > max - content.len)
			return -EFBIG;
		err = bytes_add(&content, block, n);
		if (err)
			return err;
	} while (n == sizeof(block));
	replace(ret, &content);
	return 0;
}

static int sync_dir(int dirfd)
{
	/* dirfd may be O_PATH, which cannot be synced. */
	_cleanup_fd int fd = openat(dirfd, ".",
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd))
		return -errno;
	return 0;
}

/* A new file of an unused name, which is written to `name`. */
static int create_aside(int dirfd, char name[static 32])
{
	uint64_t random;
	int fd, i;

	for (i = 0; i < ASIDE_TRIES; i++) {
		if (getrandom(&random, sizeof(random), 0) != sizeof(random))
			return -errno;
		snprintf(name, 32, ".tmp-%016" PRIx64, random);
		fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL |
			    O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0)
			return fd;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

/* fchmod(2), because open(2) would take the umask off the mode. */
static int fill(int fd, const void *data, size_t len, mode_t mode)
{
	int err = fileio_write_all(fd, data, len);

	if (err)
		return err;
	if (fchmod(fd, mode) || fsync(fd))
		return -errno;
	return 0;
}

int fileio_write_file(int dirfd, const char *name, const void *data,
		      size_t len, mode_t mode)
{
	char aside[32];
	_cleanup_fd int fd = create_aside(dirfd, aside);
	int err;

	if (fd < 0)
		return fd;
	err = fill(fd, data, len, mode);
	if (!err && renameat(dirfd, aside, dirfd, name))
		err = -errno;
	if (err) {
		/* The first error is the one to tell. */
		(void)unlinkat(dirfd, aside, 0);
		return err;
	}
	return sync_dir(dirfd);
}

static int check_dir(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

/* Upwards to the first parent that exists, then down again, without a
 * recursion as deep as the path. */
int fileio_mkdirs(const char *path, mode_t mode)
{
	_cleanup_free char *p = strdup(path);
	size_t len = p ? strlen(p) : 0, end = len;
	char *slash;

	if (!p)
		return -ENOMEM;
	while (mkdir(p, mode)) {
		if (errno == EEXIST && end == len)
			return check_dir(p);
		if (errno == EEXIST)
			break;
		if (errno != ENOENT)
			return -errno;
		slash = strrchr(p, '/');
		while (slash && slash > p && slash[-1] == '/')
			slash--;
		if (!slash || slash == p)
			return -ENOENT;
		*slash = '\0';
		end = slash - p;
	}
	while (end < len) {
		p[end] = '/';
		end += strlen(p + end);
		if (mkdir(p, mode) && errno != EEXIST)
			return -errno;
	}
	return check_dir(p);
}

int fileio_fdopendir(int fd, DIR **ret)
{
	DIR *d;
	int err;

	if (fd < 0)
		return fd;
	d = fdopendir(fd);
	if (!d) {
		err = -errno;
		close(fd);
		return err;
	}
	*ret = d;
	return 0;
}

int fileio_opendir(int dirfd, const char *name, DIR **ret)
{
	int fd = openat(dirfd, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fileio_fdopendir(fd, ret);
}

void fileio_proc_path(char buf[static FILEIO_PROC_PATH], int fd,
		      const char *name)
{
	if (fd == AT_FDCWD)
		snprintf(buf, FILEIO_PROC_PATH, "./%s", name ? name : "");
	else if (name)
		snprintf(buf, FILEIO_PROC_PATH, "/proc/self/fd/%d/%s", fd,
			 name);
	else
		snprintf(buf, FILEIO_PROC_PATH, "/proc/self/fd/%d", fd);
}

/*
 * With a name the last step of the path is that name, and the l* calls do not
 * follow it.  Without one it is the magic link of /proc, which must be
 * followed, and leads to the object itself even if that is a symlink.
 */
ssize_t fileio_getxattr(int dirfd, const char *name, const char *attr,
			void *buf, size_t size)
{
	char path[FILEIO_PROC_PATH];
	ssize_t n;

	fileio_proc_path(path, dirfd, name);
	n = name ? lgetxattr(path, attr, buf, size) :
		   getxattr(path, attr, buf, size);
	return n < 0 ? -errno : n;
}

int fileio_setxattr(int dirfd, const char *name, const char *attr,
		    const void *value, size_t size, int flags)
{
	char path[FILEIO_PROC_PATH];
	int r;

	fileio_proc_path(path, dirfd, name);
	r = name ? lsetxattr(path, attr, value, size, flags) :
		   setxattr(path, attr, value, size, flags);
	return r ? -errno : 0;
}

int fileio_removexattr(int dirfd, const char *name, const char *attr)
{
	char path[FILEIO_PROC_PATH];
	int r;

	fileio_proc_path(path, dirfd, name);
	r = name ? lremovexattr(path, attr) : removexattr(path, attr);
	return r ? -errno : 0;
}

static ssize_t list(const char *path, bool follow, char *buf, size_t size)
{
	ssize_t n = follow ? listxattr(path, buf, size) :
			     llistxattr(path, buf, size);

	return n < 0 ? -errno : n;
}

int fileio_listxattr(int dirfd, const char *name, struct bytes *ret)
{
	_cleanup_bytes struct bytes names = BYTES_INIT;
	char path[FILEIO_PROC_PATH], first[LIST_FIRST];
	_cleanup_free char *more = NULL;
	char *buf = first;
	ssize_t n;
	int err;

	fileio_proc_path(path, dirfd, name);
	n = list(path, !name, first, sizeof(first));
	/* The list may grow between the question for its size and the list. */
	while (n == -ERANGE) {
		n = list(path, !name, NULL, 0);
		if (n < 0)
			return n;
		free(more);
		more = buf = malloc((size_t)n + 1);
		if (!more)
			return -ENOMEM;
		n = list(path, !name, more, (size_t)n + 1);
	}
	if (n < 0)
		return n;
	err = bytes_add(&names, buf, n);
	if (err)
		return err;
	replace(ret, &names);
	return 0;
}
