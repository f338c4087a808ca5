// SPDX-License-Identifier: Apache-2.0
#include "fs/mountpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/log.h"

int mountpoint_id(const char *path, uint64_t *ret)
{
	struct statx stx;

	/* DONT_SYNC: a dead or busy daemon is not asked. */
	if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_MNT_ID, &stx) < 0)
		return -errno;
	if (!(stx.stx_mask & STATX_MNT_ID))
		return -EOPNOTSUPP;
	*ret = stx.stx_mnt_id;
	return 0;
}

/* Whether mountinfo says that the mount is one of stencilfs: 1, 0, -errno. */
static int is_ours(uint64_t id)
{
	_cleanup_file FILE *f = fopen("/proc/self/mountinfo", "re");
	static const char type[] = " - fuse." MOUNTPOINT_SUBTYPE " ";
	_cleanup_free char *line = NULL;
	size_t size = 0;

	if (!f)
		return -errno;
	while (getline(&line, &size, f) > 0)
		if (strtoull(line, NULL, 10) == id)
			return strstr(line, type) != NULL;
	return 0;
}

bool mountpoint_in_use(const char *path)
{
	uint64_t id;

	return mountpoint_id(path, &id) == 0 && is_ours(id) > 0;
}

/* Takes away what dead daemons left, however many lie upon each other. */
static int detach_dead(const char *path)
{
	struct statfs sfs;
	struct stat st;
	uint64_t id;
	int r;

	/* statfs, because stat of a dead root may be answered from memory. */
	while (statfs(path, &sfs) < 0) {
		if (errno != ENOTCONN)
			return -errno;
		r = mountpoint_id(path, &id);
		if (r == 0)
			r = is_ours(id);
		if (r <= 0)
			return r < 0 ? r : -ENOTCONN;
		if (umount2(path, MNT_DETACH) < 0)
			return -errno;
	}
	if (stat(path, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int mountpoint_prepare(const char *path, char **ret)
{
	char *real = NULL;
	int r = detach_dead(path);

	if (r == 0) {
		real = realpath(path, NULL);
		r = real ? 0 : -errno;
	}
	if (r < 0) {
		log_error(r, "mount point %s", path);
		return r;
	}
	*ret = real;
	return 0;
}

int mountpoint_answers(const char *path, uint64_t id)
{
	struct statfs sfs;
	uint64_t found;
	int r = 0;

	while (statfs(path, &sfs) < 0) {
		if (errno != EINTR) {
			r = -errno;
			break;
		}
	}
	if (r == 0)
		r = mountpoint_id(path, &found);
	if (r == 0 && (found != id || sfs.f_type != FUSE_SUPER_MAGIC))
		r = -ENOTCONN;
	if (r < 0)
		log_error(r, "the new mount on %s does not answer", path);
	return r;
}
