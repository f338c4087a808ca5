/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/xattr.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "fs/acl.h"
#include "fs/attr.h"
#include "fs/caller.h"
#include "fs/io.h"
#include "fs/kernel.h"
#include "fs/linkbreak.h"
#include "fs/marks.h"
#include "fs/reply.h"

/* Are the node's attributes those of a foreign layer? */
static bool is_foreign(struct node *n)
{
	const struct lower *l;

	if (node_flags(n) & NODE_UPPER)
		return false;
	l = node_is_dir(n) ? n->dir->lowers[0] : n->lower;
	return l->layer->foreign;
}

/* A template's index tells of most files that they have none. */
static bool has_none(struct node *n)
{
	const struct lower *l;

	if (node_flags(n) & NODE_UPPER)
		return false;
	l = node_is_dir(n) ? n->dir->lowers[0] : n->lower;
	return l->entry && !(tindex_flags(l->entry) & TINDEX_XATTRS);
}

/* Where attributes are read.  A private inode is opened, because a rename
 * could put another one under its name; *ret_fd is then the caller's. */
static int read_place(struct fs *fs, struct node *n, struct place *p,
		      int *ret_fd)
{
	bool upper;
	int fd;

	if (!(node_flags(n) & NODE_UPPER))
		return node_attr_place(fs, n, p, &upper);
	fd = node_open_upper(fs, n, O_PATH);
	if (fd < 0)
		return fd;
	*ret_fd = fd;
	p->dirfd = fd;
	p->name = NULL;
	return 0;
}

static ssize_t get(struct fs *fs, struct node *n, const char *name, char *buf,
		   size_t size)
{
	_cleanup_place struct place p = PLACE_INIT;
	_cleanup_fd int fd = -1;
	char attr[MARKS_NAME_MAX];
	int r = marks_encode(fs, name, attr);

	/* What cannot be set is not there. */
	if (!r && marks_foreign(name) && is_foreign(n))
		r = -EPERM;
	if (r)
		return r == -EPERM ? -ENODATA : r;
	if (has_none(n))
		return -ENODATA;
	r = read_place(fs, n, &p, &fd);
	return r ? r : fileio_getxattr(p.dirfd, p.name, attr, buf, size);
}

void xattr_get_op(fuse_req_t req, fuse_ino_t ino, const char *name,
		  size_t size)
{
	_cleanup_free char *buf = size ? malloc(size) : NULL;
	struct fs *fs = reply_fs(req);
	struct node *n = node_get(fs, ino);
	ssize_t len;

	if (!n || (size && !buf))
		len = n ? -ENOMEM : -ESTALE;
	else
		len = get(fs, n, name, buf, size);
	if (len < 0)
		reply_status(req, (int)len);
	else if (!size)
		fuse_reply_xattr(req, (size_t)len);
	else
		fuse_reply_buf(req, buf, (size_t)len);
}

/* trusted. names are for those who may read them, as on other file systems. */
static bool may_see(const char *name, pid_t caller)
{
	return strncmp(name, "trusted.", 8) || caller_is_admin(caller);
}

static int list(struct fs *fs, struct node *n, pid_t caller, struct bytes *ret)
{
	_cleanup_place struct place p = PLACE_INIT;
	_cleanup_bytes struct bytes names = BYTES_INIT;
	_cleanup_fd int fd = -1;
	char buf[MARKS_NAME_MAX];
	bool foreign = is_foreign(n);
	const char *shown;
	int r;

	if (has_none(n))
		return 0;
	r = read_place(fs, n, &p, &fd);
	if (!r)
		r = fileio_listxattr(p.dirfd, p.name, &names);
	for (size_t i = 0; !r && i < names.len;
	     i += strlen(names.data + i) + 1) {
		shown = marks_decode(fs, names.data + i, buf);
		if (shown && foreign && marks_foreign(shown))
			continue;
		if (shown && may_see(shown, caller))
			r = bytes_add(ret, shown, strlen(shown) + 1);
	}
	return r;
}

void xattr_list_op(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	_cleanup_bytes struct bytes names = BYTES_INIT;
	struct fs *fs = reply_fs(req);
	struct node *n = node_get(fs, ino);
	int r = n ? list(fs, n, fuse_req_ctx(req)->pid, &names) : -ESTALE;

	if (!r && size && names.len > size)
		r = -ERANGE;
	if (r)
		reply_status(req, r);
	else if (!size)
		fuse_reply_xattr(req, names.len);
	else
		fuse_reply_buf(req, names.data, names.len);
}

/* Sets, or with a NULL value removes. */
static int change(struct fs *fs, struct node *n, const char *name,
		  const char *value, size_t size, int flags)
{
	_cleanup_place struct place p = PLACE_INIT;
	char attr[MARKS_NAME_MAX];
	int r = marks_encode(fs, name, attr);

	if (!r)
		r = linkbreak_begin(fs, n);
	if (r)
		return r;
	r = linkbreak_locked(fs, n, NULL, NULL, BREAK_META, BREAK_KEEP_ALL);
	if (!r)
		r = node_upper_place(fs, n, &p);
	if (!r)
		r = value ? fileio_setxattr(p.dirfd, p.name, attr, value, size,
					    flags) :
			    fileio_removexattr(p.dirfd, p.name, attr);
	/* The kernel says it for a directory's default ACL too. */
	if (!r && value && kernel_request()->acl_kill_sgid &&
	    !strcmp(name, ACL_ACCESS))
		r = attr_drop_sgid(fs, n);
	linkbreak_end(n);
	return r;
}

void xattr_set_op(fuse_req_t req, fuse_ino_t ino, const char *name,
		  const char *value, size_t size, int flags)
{
	struct fs *fs = reply_fs(req);
	struct node *n = node_get(fs, ino);

	int r = n ? change(fs, n, name, value, size, flags) : -ESTALE;

	if (!r)
		io_changed(fs, n, ino);
	reply_status(req, r);
}

/* Removing what is not there must not break the file. */
static int remove_attr(struct fs *fs, struct node *n, const char *name)
{
	ssize_t len;

	if (fs->upper_fd < 0)
		return -EROFS;
	len = get(fs, n, name, NULL, 0);
	/* An ACL that is not there can be removed, say ext4 and the others. */
	if (len == -ENODATA &&
	    (!strcmp(name, ACL_ACCESS) || !strcmp(name, ACL_DEFAULT)))
		return 0;
	return len < 0 ? (int)len : change(fs, n, name, NULL, 0, 0);
}

void xattr_remove_op(fuse_req_t req, fuse_ino_t ino, const char *name)
{
	struct fs *fs = reply_fs(req);
	struct node *n = node_get(fs, ino);

	int r = n ? remove_attr(fs, n, name) : -ESTALE;

	if (!r)
		io_changed(fs, n, ino);
	reply_status(req, r);
}
