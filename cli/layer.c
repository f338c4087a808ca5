// SPDX-License-Identifier: Apache-2.0
#include "cli/layer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fileio.h"
#include "base/layer_format.h"

#define OPEN_CHUNK 2048 /* of a path in one openat2(2), below PATH_MAX */

/* Trusted attributes alone count as root, as in the daemon: those that are
 * the user's may be a container's own. */
static const char *own_prefix(void)
{
	return geteuid() == 0 ? LAYER_NS_TRUSTED : LAYER_NS_USER;
}

void layer_entry_release(struct layer_entry *e)
{
	free(e->redirect);
	e->redirect = NULL;
}

/* Length of overlayfs's attribute, 0 when there is none. */
static ssize_t get_attr(int dirfd, const char *name, const char *attr,
			char *buf, size_t size)
{
	char full[64];
	ssize_t n;

	snprintf(full, sizeof(full), "%s%s", own_prefix(), attr);
	n = fileio_getxattr(dirfd, name, full, buf, size);
	return n == -ENODATA || n == -EOPNOTSUPP ? 0 : n;
}

/* '\0' without the attribute, else 'y', 'x', or what no overlay writes. */
static int read_opaque(int dirfd, const char *name, char *ret)
{
	char value[8];
	ssize_t n = get_attr(dirfd, name, LAYER_OPAQUE, value, sizeof(value));

	if (n < 0)
		return n;
	*ret = n == 1 ? value[0] : '\0';
	return 0;
}

/* A name, or an absolute path without empty, "." or ".." steps. */
static bool redirect_ok(const char *s)
{
	bool absolute = s[0] == '/';
	size_t len;

	s += absolute;
	do {
		len = strcspn(s, "/");
		if (!len || !strncmp(s, ".", len) ||
		    (len == 2 && !strncmp(s, "..", 2)))
			return false;
		s += len;
		if (*s && !absolute)
			return false;
	} while (*s++);
	return true;
}

static int read_redirect(int dirfd, const char *name, char **ret)
{
	char value[PATH_MAX + 1];
	ssize_t n = get_attr(dirfd, name, LAYER_REDIRECT, value, PATH_MAX);

	*ret = NULL;
	if (n <= 0)
		return n;
	value[n] = '\0';
	if (strlen(value) != (size_t)n || !redirect_ok(value))
		return -EBADMSG;
	*ret = strdup(value);
	return *ret ? 0 : -ENOMEM;
}

/* A whiteout by attribute counts where its directory says that it holds some:
 * 1, 0 or -errno. */
static int is_attr_whiteout(int dirfd, const char *name)
{
	char full[64], value[8], holds = '\0';
	ssize_t n;
	int r;

	/* An empty value is usual: that it is there is what counts. */
	snprintf(full, sizeof(full), "%s%s", own_prefix(), LAYER_WHITEOUT);
	n = fileio_getxattr(dirfd, name, full, value, sizeof(value));
	if (n == -ENODATA || n == -EOPNOTSUPP)
		return 0;
	if (n < 0 && n != -ERANGE)
		return n;
	r = read_opaque(dirfd, NULL, &holds);
	return r ? r : holds == 'x';
}

static int step_dir(int dirfd, const char *name, struct layer_entry *e)
{
	char opaque = '\0';
	int r = read_opaque(dirfd, name, &opaque);

	e->kind = LAYER_DIR;
	e->opaque = opaque == 'y';
	if (r || e->opaque)
		return r;
	return read_redirect(dirfd, name, &e->redirect);
}

int layer_step(int dirfd, const char *name, struct layer_entry *ret)
{
	struct layer_entry e = { LAYER_FILE, false, NULL };
	struct stat st;
	int r = 0;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW)) {
		if (errno != ENOENT)
			return -errno;
		e.kind = LAYER_ABSENT;
	} else if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0)) {
		e.kind = LAYER_IS_WHITEOUT;
	} else if (S_ISREG(st.st_mode) && st.st_size == 0) {
		r = is_attr_whiteout(dirfd, name);
		if (r > 0)
			e.kind = LAYER_IS_WHITEOUT;
	} else if (S_ISDIR(st.st_mode)) {
		r = step_dir(dirfd, name, &e);
	}
	/* It vanished between two looks. */
	if (r == -ENOENT)
		e.kind = LAYER_ABSENT;
	else if (r < 0)
		return r;
	*ret = e;
	return 0;
}

int layer_open_dir(int root, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_MAGICLINKS,
	};
	_cleanup_fd int fd = -1;
	int next;

	do {
		char chunk[OPEN_CHUNK + NAME_MAX + 1];
		size_t len = strlen(path);

		if (len > OPEN_CHUNK)
			len = OPEN_CHUNK + strcspn(path + OPEN_CHUNK, "/");
		if (len >= sizeof(chunk))
			return -ENAMETOOLONG;
		memcpy(chunk, len ? path : ".", len ? len : 1);
		chunk[len ? len : 1] = '\0';
		path += len + (path[len] == '/');
		next = syscall(SYS_openat2, fd < 0 ? root : fd, chunk, &how,
			       sizeof(how));
		if (next < 0)
			return -errno;
		cleanup_fd(&fd);
		fd = next;
	} while (*path);
	return take_fd(&fd);
}

int layer_each(int dirfd, int (*fn)(const char *name, void *arg), void *arg)
{
	_cleanup_dir DIR *dir = NULL;
	struct dirent *e;
	int fd, r;

	/* A descriptor of its own: closedir() closes it and its offset is
	 * no one else's. */
	fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		r = -errno;
		close(fd);
		return r;
	}
	for (;;) {
		errno = 0;
		e = readdir(dir);
		if (!e)
			return -errno;
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		r = fn(e->d_name, arg);
		if (r)
			return r;
	}
}

char *layer_join(const char *dir, const char *name)
{
	struct bytes b = BYTES_INIT;

	if (bytes_addf(&b, "%s%s%s", dir, *dir ? "/" : "", name)) {
		bytes_release(&b);
		return NULL;
	}
	return bytes_take(&b);
}
