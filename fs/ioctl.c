/* SPDX-License-Identifier: Apache-2.0 */
/* The part of fs/write.h for inode flags (chattr(1), lsattr(1)). */
#include "fs/write.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/cleanup.h"
#include "fs/io.h"
#include "fs/linkbreak.h"
#include "fs/reply.h"

/* Flags that say how a template is kept, not what the container's file is. */
#define TEMPLATE_FLAGS (FS_IMMUTABLE_FL | FS_APPEND_FL)
#define TEMPLATE_XFLAGS (FS_XFLAG_IMMUTABLE | FS_XFLAG_APPEND)

union flags_arg {
	int flags;
	struct fsxattr fsx;
};

static int open_shared(struct fs *fs, struct node *n)
{
	_cleanup_place struct place p = PLACE_INIT;
	bool upper;
	int r = node_attr_place(fs, n, &p, &upper);

	return r ? r : place_open(&p, O_RDONLY | O_NONBLOCK);
}

static int get_flags(struct fs *fs, struct node *n, unsigned cmd,
		     union flags_arg *arg)
{
	bool upper = node_flags(n) & NODE_UPPER;
	_cleanup_fd int fd = upper ? node_open_upper(fs, n, O_RDONLY) :
				     open_shared(fs, n);

	if (fd < 0)
		return fd;
	if (ioctl(fd, cmd, arg))
		return -errno;
	if (!upper && cmd == FS_IOC_GETFLAGS)
		arg->flags &= ~TEMPLATE_FLAGS;
	if (!upper && cmd == FS_IOC_FSGETXATTR)
		arg->fsx.fsx_xflags &= ~(unsigned)TEMPLATE_XFLAGS;
	return 0;
}

static int set_flags(struct fs *fs, struct node *n, unsigned cmd,
		     union flags_arg *arg)
{
	_cleanup_fd int fd = -1;
	int r = linkbreak_begin(fs, n);

	if (r)
		return r;
	/* Data too: an immutable file could not get it later. */
	r = linkbreak_locked(fs, n, NULL, NULL,
			     node_is_dir(n) ? BREAK_META : BREAK_DATA,
			     BREAK_KEEP_ALL);
	/* The content is the same still: who came by a path may stay. */
	if (!r)
		r = io_part(fs, n);
	if (r >= 0)
		r = fd = node_open_upper(fs, n, O_RDONLY);
	if (r >= 0)
		r = ioctl(fd, cmd, arg) ? -errno : 0;
	linkbreak_end(n);
	return r;
}

void write_ioctl_op(fuse_req_t req, fuse_ino_t ino, unsigned int cmd,
		    void *arg, struct fuse_file_info *fi, unsigned flags,
		    const void *in_buf, size_t in_bufsz, size_t out_bufsz)
{
	struct fs *fs = reply_fs(req);
	struct node *n = node_get(fs, ino);
	union flags_arg a = { 0 };
	bool is_fsx = cmd == FS_IOC_FSGETXATTR || cmd == FS_IOC_FSSETXATTR;
	size_t size = is_fsx ? sizeof(a.fsx) : sizeof(a.flags);
	int r = -ENOTTY;

	if (!n)
		r = -ESTALE;
	else if (!S_ISREG(n->type) && !S_ISDIR(n->type))
		r = -ENOTTY;
	else if ((cmd == FS_IOC_GETFLAGS || cmd == FS_IOC_FSGETXATTR) &&
		 out_bufsz >= size)
		r = get_flags(fs, n, cmd, &a);
	else if ((cmd == FS_IOC_SETFLAGS || cmd == FS_IOC_FSSETXATTR) &&
		 in_bufsz >= size) {
		memcpy(&a, in_buf, size);
		r = set_flags(fs, n, cmd, &a);
		if (!r)
			io_changed(fs, n, ino);
		size = 0;
	}
	if (r)
		reply_status(req, r);
	else
		fuse_reply_ioctl(req, 0, &a, size);
}
