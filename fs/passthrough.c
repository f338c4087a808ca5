// SPDX-License-Identifier: Apache-2.0
#include "fs/passthrough.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "fs/fs_types.h"
#include "fs/kernel.h"
#include "fs/kernel_format.h"

/* The kernel holds an open file for each id, which no limit counts. */
#define IDS_MAX 65536

static void set_reason(struct passthrough *p, const char *reason)
{
	const char *none = NULL;

	if (atomic_compare_exchange_strong(&p->reason, &none, reason))
		log_info("no passthrough: %s", reason);
}

static void turn_off(struct passthrough *p, const char *reason)
{
	atomic_store(&p->on, false);
	set_reason(p, reason);
}

void passthrough_configure(struct fs *fs, bool wanted)
{
	struct passthrough *p = &fs->passthrough;
	struct rlimit rl;

	p->wanted = wanted && geteuid() == 0;
	if (!wanted)
		atomic_store(&p->reason, "switched off");
	else if (!p->wanted)
		atomic_store(&p->reason, "it needs CAP_SYS_ADMIN");
	p->max = IDS_MAX;
	/* Each stands beside a descriptor of ours; leave some for others. */
	if (!getrlimit(RLIMIT_NOFILE, &rl) && rl.rlim_cur / 2 < p->max)
		p->max = (unsigned)(rl.rlim_cur / 2);
}

#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)

static bool negotiate(struct fuse_conn_info *conn)
{
	if (!(conn->capable & FUSE_CAP_PASSTHROUGH))
		return false;
	conn->want |= FUSE_CAP_PASSTHROUGH;
	/* Under others: they can be stacked on us. */
	conn->max_backing_stack_depth = 0;
	return true;
}

void passthrough_reply(struct fuse_file_info *fi, int id)
{
	fi->backing_id = id;
}

#else

static bool negotiate(struct fuse_conn_info *conn)
{
	if (!(kernel_offered() & FUSE_PASSTHROUGH))
		return false;
	kernel_want(FUSE_PASSTHROUGH);
	return true;
}

void passthrough_reply(struct fuse_file_info *fi, int id)
{
	kernel_pass_through((uint32_t)id);
}

#endif

void passthrough_init(struct fs *fs, struct fuse_conn_info *conn)
{
	struct passthrough *p = &fs->passthrough;

	if (!p->wanted)
		return;
	if (negotiate(conn))
		atomic_store(&p->on, true);
	else
		turn_off(p, "the kernel does not offer it");
}

int passthrough_open(struct fs *fs, int fd)
{
	struct passthrough *p = &fs->passthrough;
	struct fuse_backing_map map = { .fd = fd };
	int id = -ENFILE;

	if (atomic_fetch_add(&p->ids, 1) < p->max) {
		id = ioctl(fuse_session_fd(fs->se), FUSE_DEV_IOC_BACKING_OPEN,
			   &map);
		if (id < 0)
			id = -errno;
	}
	if (id > 0)
		return id;
	atomic_fetch_sub(&p->ids, 1);
	if (id == -ELOOP)
		set_reason(p, "files lie on a file system that is stacked on "
			      "another");
	if (id == -EPERM)
		turn_off(p, "it needs CAP_SYS_ADMIN on the host");
	return id ? id : -EIO;
}

void passthrough_close(struct fs *fs, int id)
{
	uint32_t arg = (uint32_t)id;

	/* It fails only when the connection is gone, and the ids with it. */
	if (fs->se)
		(void)ioctl(fuse_session_fd(fs->se), FUSE_DEV_IOC_BACKING_CLOSE,
			    &arg);
	atomic_fetch_sub(&fs->passthrough.ids, 1);
}
