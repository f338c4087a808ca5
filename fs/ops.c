/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/ops.h"

#include <fuse_lowlevel.h>

#include "fs/attr.h"
#include "fs/dir.h"
#include "fs/fault.h"
#include "fs/lookup.h"
#include "fs/names.h"
#include "fs/passthrough.h"
#include "fs/read.h"
#include "fs/write.h"
#include "fs/xattr.h"

/* What saves requests, or makes semantics right, where the kernel offers it. */
static const unsigned wanted =
	FUSE_CAP_ASYNC_READ | FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_DONT_MASK |
	FUSE_CAP_IOCTL_DIR | FUSE_CAP_READDIRPLUS |
	FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_POSIX_ACL |
	FUSE_CAP_EXPORT_SUPPORT |
	FUSE_CAP_CACHE_SYMLINKS | FUSE_CAP_NO_OPENDIR_SUPPORT;

/*
 * Not wanted though libfuse would: AUTO_INVAL_DATA (nobody changes files
 * behind the kernel), ASYNC_DIO (buffered reads after it were stale), locks
 * (the kernel keeps them, per container), READDIRPLUS_AUTO (it would look up
 * each name of a large directory), HANDLE_KILLPRIV (its successor, see
 * kernel.c), splicing (every request passes kernel.c in memory).
 */
static void init_op(void *userdata, struct fuse_conn_info *conn)
{
	conn->want = conn->capable & wanted;
	conn->max_background = 64;
	conn->congestion_threshold = 48;
	passthrough_init(userdata, conn);
	fault_arm();
}

const struct fuse_lowlevel_ops fs_ops = {
	.init = init_op,

	.lookup = lookup_op,
	.forget = lookup_forget_op,
	.forget_multi = lookup_forget_multi_op,

	.getattr = attr_getattr_op,
	.setattr = attr_setattr_op,
	.readlink = attr_readlink_op,
	.statfs = attr_statfs_op,

	.getxattr = xattr_get_op,
	.listxattr = xattr_list_op,
	.setxattr = xattr_set_op,
	.removexattr = xattr_remove_op,

	.mknod = names_mknod_op,
	.mkdir = names_mkdir_op,
	.symlink = names_symlink_op,
	.link = names_link_op,
	.unlink = names_unlink_op,
	.rmdir = names_rmdir_op,
	.rename = names_rename_op,

	.opendir = dir_opendir_op,
	.readdir = dir_readdir_op,
	.readdirplus = dir_readdirplus_op,
	.fsyncdir = dir_fsyncdir_op,

	.open = read_open_op,
	.read = read_read_op,
	.lseek = read_lseek_op,
	.release = read_release_op,

	/* Also O_TMPFILE, see kernel.h.  No flush: the kernel asks once. */
	.create = write_create_op,
	.write = write_write_op,
	.fsync = write_fsync_op,
	.fallocate = write_fallocate_op,
	.copy_file_range = write_copy_op,
	.ioctl = write_ioctl_op,
};
