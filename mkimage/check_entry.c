// SPDX-License-Identifier: Apache-2.0
/* What check_pool.c and check_tree.c share: one inode, and contents. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fileio.h"
#include "base/layer_format.h"
#include "base/manifest.h"
#include "mkimage/acl.h"
#include "mkimage/check.h"
#include "mkimage/meta.h"

void check_release(struct check *c)
{
	findings_release(&c->findings);
	inodes_release(&c->known);
	rehash_release(&c->batch);
}

uint64_t check_fingerprint(const struct rehash_digests *d)
{
	return XXH3_64bits(d, sizeof(*d)) | 1;
}

static void found(struct check *c, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void found(struct check *c, const char *path, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	findings_add(&c->findings, path, 0, what);
}

static const char *type_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "a file";
	case S_IFDIR:
		return "a directory";
	case S_IFLNK:
		return "a symbolic link";
	case S_IFCHR:
		return "a character device";
	case S_IFBLK:
		return "a block device";
	case S_IFIFO:
		return "a fifo";
	}
	return "a socket";
}

static void check_stat(struct check *c, const struct stat *st,
		       const struct manifest_entry *e)
{
	if ((st->st_mode ^ e->mode) & 07777)
		found(c, e->path, "mode %04o, should be %04o",
		      st->st_mode & 07777, e->mode & 07777);
	if (st->st_uid != e->uid || st->st_gid != e->gid)
		found(c, e->path, "owner %u:%u, should be %u:%u", st->st_uid,
		      st->st_gid, e->uid, e->gid);
	if (S_ISREG(e->mode) && (uint64_t)st->st_size != e->size)
		found(c, e->path, "size %" PRIu64 ", should be %" PRIu64,
		      (uint64_t)st->st_size, e->size);
	if ((S_ISCHR(e->mode) || S_ISBLK(e->mode)) && st->st_rdev != e->rdev)
		found(c, e->path, "device %u:%u, should be %u:%u",
		      major(st->st_rdev), minor(st->st_rdev), major(e->rdev),
		      minor(e->rdev));
	if (st->st_mtim.tv_sec != e->mtime_sec ||
	    st->st_mtim.tv_nsec != e->mtime_nsec)
		found(c, e->path,
		      "mtime %" PRId64 ".%09ld, should be %" PRId64 ".%09" PRIu32,
		      (int64_t)st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
		      e->mtime_sec, e->mtime_nsec);
}

static void check_target(struct check *c, int dirfd, const char *name,
			 const struct manifest_entry *e)
{
	char target[PATH_MAX + 1];
	ssize_t n = readlinkat(dirfd, name, target, sizeof(target));

	if (n < 0)
		findings_add(&c->findings, e->path, -errno, "cannot be read");
	else if ((size_t)n != strlen(e->target) || memcmp(target, e->target, n))
		found(c, e->path, "leads to %.*s, should lead to %s", (int)n,
		      target, e->target);
}

/* Ours are no part of the manifest, nor is what XFS lists of its own. */
static bool may_be_there(const struct manifest_entry *e, const char *attr)
{
	if (acl_is_shadow(attr))
		return true;
	return S_ISREG(e->mode) &&
	       (!strcmp(attr, STENCIL_NS_TRUSTED STENCIL_SHA1) ||
		!strcmp(attr, STENCIL_NS_TRUSTED STENCIL_LINKS));
}

static bool in_list(const struct bytes *names, const char *attr)
{
	for (size_t i = 0; i < names->len; i += strlen(names->data + i) + 1)
		if (!strcmp(names->data + i, attr))
			return true;
	return false;
}

static const struct manifest_xattr *wanted(const struct manifest_entry *e,
					   const char *attr)
{
	for (size_t i = 0; i < e->nxattrs; i++)
		if (!strcmp(e->xattrs[i].name, attr))
			return &e->xattrs[i];
	return NULL;
}

static int check_value(struct check *c, int dirfd, const char *name,
		       const struct manifest_entry *e,
		       const struct manifest_xattr *x)
{
	_cleanup_free char *value = malloc(XATTR_SIZE_MAX);
	ssize_t n;

	if (!value)
		return -ENOMEM;
	n = fileio_getxattr(dirfd, name, x->name, value, XATTR_SIZE_MAX);
	if (n < 0)
		found(c, e->path, "attribute %s: %s", x->name,
		      strerrordesc_np((int)-n));
	else if ((size_t)n != x->len || memcmp(value, x->value, x->len))
		found(c, e->path, "attribute %s has another value", x->name);
	return 0;
}

static int check_xattrs(struct check *c, int dirfd, const char *name,
			const struct manifest_entry *e)
{
	_cleanup_bytes struct bytes names = BYTES_INIT;
	int r = fileio_listxattr(dirfd, name, &names);

	if (r == -ENOMEM)
		return r;
	if (r && r != -EOPNOTSUPP)
		findings_add(&c->findings, e->path, r,
			     "attributes cannot be read");
	if (r && r != -EOPNOTSUPP)
		return 0;
	for (size_t i = 0; i < names.len; i += strlen(names.data + i) + 1)
		if (!may_be_there(e, names.data + i) &&
		    !wanted(e, names.data + i))
			found(c, e->path, "attribute %s should not be there",
			      names.data + i);
	for (size_t i = 0; i < e->nxattrs; i++) {
		if (!in_list(&names, e->xattrs[i].name))
			found(c, e->path, "attribute %s is missing",
			      e->xattrs[i].name);
		else if (check_value(c, dirfd, name, e, &e->xattrs[i]))
			return -ENOMEM;
	}
	return 0;
}

static void check_sha1(struct check *c, int dirfd, const char *name,
		       const struct manifest_entry *e)
{
	static const char attr[] = "attribute " STENCIL_NS_TRUSTED STENCIL_SHA1;
	struct sha1 sha1;
	int r = meta_get_sha1(dirfd, name, &sha1);

	if (r)
		findings_add(&c->findings, e->path, r, attr);
	else if (memcmp(&sha1, &e->sha1, sizeof(sha1)))
		found(c, e->path, "%s has another value", attr);
}

int check_entry(struct check *c, int dirfd, const char *name,
		const struct manifest_entry *e, uint64_t *ret_ino,
		uint64_t *ret_links)
{
	struct stat st;
	int r;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW)) {
		findings_add(&c->findings, e->path, -errno, "cannot be read");
		return 0;
	}
	if ((st.st_mode ^ e->mode) & S_IFMT) {
		found(c, e->path, "is %s, should be %s", type_name(st.st_mode),
		      type_name(e->mode));
		return 0;
	}
	check_stat(c, &st, e);
	if (S_ISLNK(e->mode) && e->target)
		check_target(c, dirfd, name, e);
	r = check_xattrs(c, dirfd, name, e);
	if (r)
		return r;
	if (S_ISREG(e->mode))
		check_sha1(c, dirfd, name, e);
	*ret_ino = st.st_ino;
	*ret_links = st.st_nlink;
	return 1;
}

static void compare_contents(struct check *c, const char *path,
			     const struct rehash_job *j)
{
	static const struct sha256 none;

	if (j->error == -ESTALE)
		found(c, path, "changed while it was verified");
	else if (j->error)
		findings_add(&c->findings, path, j->error, "cannot be read");
	else if (memcmp(&j->got.sha1, &j->want.sha1, sizeof(j->got.sha1)))
		found(c, path, "the content has another SHA-1");
	else if (memcmp(&j->want.verity, &none, sizeof(none)) &&
		 memcmp(&j->got.verity, &j->want.verity, sizeof(none)))
		found(c, path, "the content has another fs-verity digest");
}

int check_contents(struct check *c, int dirfd, const char *prefix)
{
	char path[PATH_MAX + 1];
	uint64_t *known;
	int r = rehash_run(&c->batch, dirfd, c->progress);

	for (size_t i = 0; i < c->batch.n && !r; i++) {
		const struct rehash_job *j = &c->batch.jobs[i];

		snprintf(path, sizeof(path), "%s%s", prefix, j->path);
		compare_contents(c, path, j);
		if (!j->error)
			r = inodes_get(&c->known, j->ino, &known);
		if (!j->error && !r)
			*known = check_fingerprint(&j->got);
	}
	c->files += c->batch.n;
	rehash_clear(&c->batch);
	return r;
}
