// SPDX-License-Identifier: Apache-2.0
#include "mkimage/memo.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

/* Not in linux/magic.h, because XFS keeps it to itself. */
#define XFS_MAGIC 0x58465342

/*
 * Disk file systems that set ctime from the kernel's clock at each change.  Not
 * tmpfs, which moves no time for stores through a mapping, nor anything whose
 * times are another machine's.  Overlayfs shows those of its layers: a layer
 * on an image file system is betrayed by its missing creation times.
 */
static bool times_tell(const struct statfs *fs)
{
	switch ((unsigned long)fs->f_type) {
	case EXT4_SUPER_MAGIC:
	case XFS_MAGIC:
	case BTRFS_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
	case OVERLAYFS_SUPER_MAGIC:
		return true;
	}
	return false;
}

/* Hashed as a whole, so without padding. */
struct view {
	uint64_t type;
	uint64_t fsid;
	uint64_t userns;
	uint64_t caps;
};

static int get_caps(uint64_t *ret)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return -errno;
	*ret = (uint64_t)data[1].effective << 32 | data[0].effective;
	return 0;
}

int memo_fs(int fd, uint64_t *ret)
{
	struct view view = { 0 };
	struct statfs fs;
	struct stat st;
	int r;

	if (fstatfs(fd, &fs))
		return -errno;
	if (!times_tell(&fs))
		return -EOPNOTSUPP;
	if (stat("/proc/self/ns/user", &st))
		return -errno;
	r = get_caps(&view.caps);
	if (r)
		return r;
	view.type = (uint64_t)fs.f_type;
	memcpy(&view.fsid, &fs.f_fsid, sizeof(view.fsid));
	view.userns = st.st_ino;
	*ret = XXH3_64bits(&view, sizeof(view));
	return 0;
}

struct memo_time memo_now(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return (struct memo_time){ now.tv_sec, (uint32_t)now.tv_nsec };
}

static struct memo_time time_of(const struct statx_timestamp *t)
{
	return (struct memo_time){ t->tv_sec, t->tv_nsec };
}

int memo_stamp_set(struct memo_stamp *s, uint64_t fs,
		   const struct memo_time *seen, const struct statx *stx)
{
	if (!(stx->stx_mask & STATX_BTIME))
		return -EOPNOTSUPP;
	*s = (struct memo_stamp){
		.fs = fs,
		.dev = makedev(stx->stx_dev_major, stx->stx_dev_minor),
		.ino = stx->stx_ino,
		.size = stx->stx_size,
		.mtime = time_of(&stx->stx_mtime),
		.ctime = time_of(&stx->stx_ctime),
		.btime = time_of(&stx->stx_btime),
		.seen = *seen,
	};
	return 0;
}
