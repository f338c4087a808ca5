// SPDX-License-Identifier: Apache-2.0
#include "base/protect.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fileio.h"

#define RECORD "protect"
#define RECORD_TEXT "{\"record\": 1}\n"

static const char *const dirs[] = { "pool", "templates" };

#define NDIRS (sizeof(dirs) / sizeof(dirs[0]))

static int open_store(const char *store)
{
	int fd = open(store, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int mount_id(int fd, const char *name, uint64_t *ret)
{
	struct statx stx;

	if (statx(fd, name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW |
		  AT_NO_AUTOMOUNT, STATX_MNT_ID, &stx))
		return -errno;
	if (!(stx.stx_mask & STATX_MNT_ID))
		return -EOPNOTSUPP;
	*ret = stx.stx_mnt_id;
	return 0;
}

/* Whether a read-only mount covers the directory: 1, 0 or -errno.  Where the
 * whole store is read-only there is none. */
static int is_covered(int storefd, const char *name)
{
	_cleanup_fd int fd = openat(storefd, name, O_PATH | O_DIRECTORY |
				    O_NOFOLLOW | O_CLOEXEC);
	uint64_t store = 0, dir = 0;
	struct statvfs st;
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = mount_id(storefd, "", &store);
	if (!r)
		r = mount_id(fd, "", &dir);
	if (r || store == dir)
		return r;
	if (fstatvfs(fd, &st))
		return -errno;
	return st.f_flag & ST_RDONLY ? 1 : 0;
}

/* Private until it is attached: as a peer of the mount that it is made of, it
 * would get a copy of itself on top. */
static int cover(int storefd, const char *name)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_RDONLY,
		.propagation = MS_PRIVATE,
	};
	_cleanup_fd int fd = open_tree(storefd, name, OPEN_TREE_CLONE |
				       OPEN_TREE_CLOEXEC |
				       AT_SYMLINK_NOFOLLOW);

	if (fd < 0)
		return -errno;
	if (mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)))
		return -errno;
	if (move_mount(fd, "", storefd, name, MOVE_MOUNT_F_EMPTY_PATH))
		return -errno;
	return 0;
}

static int cover_all(int storefd)
{
	int r = 0;

	for (size_t i = 0; i < NDIRS && r >= 0; i++) {
		r = is_covered(storefd, dirs[i]);
		if (!r)
			r = cover(storefd, dirs[i]);
	}
	return r < 0 ? r : 0;
}

/* More than one may lie on another, if mount namespaces were joined. */
static int uncover_all(const char *store, int storefd)
{
	int r = 0;

	for (size_t i = 0; i < NDIRS && !r; i++) {
		_cleanup_free char *path = NULL;

		if (asprintf(&path, "%s/%s", store, dirs[i]) < 0) {
			path = NULL;
			return -ENOMEM;
		}
		while ((r = is_covered(storefd, dirs[i])) > 0)
			if (umount2(path, UMOUNT_NOFOLLOW | MNT_DETACH))
				return -errno;
	}
	return r;
}

/* One at a time, or two would mount twice. */
static int lock_store(int storefd)
{
	_cleanup_fd int fd = openat(storefd, ".",
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX))
		if (errno != EINTR)
			return -errno;
	return take_fd(&fd);
}

static int is_wanted(int storefd)
{
	if (!faccessat(storefd, RECORD, F_OK, AT_SYMLINK_NOFOLLOW))
		return 1;
	return errno == ENOENT ? 0 : -errno;
}

int protect_get(const char *store, struct protect_state *ret)
{
	_cleanup_fd int fd = open_store(store);
	struct protect_state s;
	bool mounted = true;
	int r = fd < 0 ? fd : is_wanted(fd);

	if (r < 0)
		return r;
	s.wanted = r;
	for (size_t i = 0; i < NDIRS; i++) {
		r = is_covered(fd, dirs[i]);
		if (r < 0)
			return r;
		mounted = mounted && r;
	}
	s.mounted = mounted;
	*ret = s;
	return 0;
}

int protect_on(const char *store)
{
	_cleanup_fd int fd = open_store(store);
	_cleanup_fd int lock = fd < 0 ? fd : lock_store(fd);
	int r = lock < 0 ? lock : is_wanted(fd), was;

	if (r < 0)
		return r;
	was = r;
	r = cover_all(fd);
	if (r || was)
		return r;
	r = fileio_write_file(fd, RECORD, RECORD_TEXT, strlen(RECORD_TEXT),
			      0644);
	if (r)
		/* The first error is the one to tell. */
		(void)uncover_all(store, fd);
	return r;
}

int protect_off(const char *store)
{
	_cleanup_fd int fd = open_store(store);
	_cleanup_fd int lock = fd < 0 ? fd : lock_store(fd);
	int r = lock < 0 ? lock : uncover_all(store, fd);

	if (r)
		return r;
	if (unlinkat(fd, RECORD, 0) && errno != ENOENT)
		return -errno;
	return fsync(lock) ? -errno : 0;
}

int protect_restore(const char *store)
{
	_cleanup_fd int fd = open_store(store);
	_cleanup_fd int lock = -1;
	int r = fd < 0 ? fd : is_wanted(fd);

	if (r <= 0)
		return r;
	lock = lock_store(fd);
	if (lock < 0)
		return lock;
	/* Switched off while this waited? */
	r = is_wanted(fd);
	return r <= 0 ? r : cover_all(fd);
}

/* A mount namespace of its own, of which nothing comes back to the others. */
static int leave_namespace(void)
{
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -errno;
	return 0;
}

int protect_step_around(const char *store)
{
	_cleanup_fd int before = open_store(store);
	_cleanup_fd int after = -1;
	int r = before < 0 ? before : 0;

	for (size_t i = 0; i < NDIRS && !r; i++)
		r = is_covered(before, dirs[i]);
	if (r <= 0)
		return r;
	r = leave_namespace();
	if (r)
		return r;
	after = open_store(store);
	return after < 0 ? after : uncover_all(store, after);
}
