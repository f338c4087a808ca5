// SPDX-License-Identifier: Apache-2.0
/* An entry of libarchive's as one of ours. */
#include <archive.h>
#include <archive_entry.h>
#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "mkimage/acl.h"
#include "mkimage/tar.h"

#define NSEC_PER_SEC 1000000000

static int failed(const char *path, int r)
{
	log_error(r, "%s", path);
	return r;
}

static void xattr_failed(const char *path, int r)
{
	if (r == -E2BIG)
		log_error(0, "%s: more or longer attributes than a file can have",
			  path);
	else
		log_error(r, "%s", path);
}

static int set_name(const char *name, char **ret)
{
	int r = name ? source_path(name, ret) : -EILSEQ;

	if (r == -EINVAL)
		log_error(0, "%.200s: an empty name, or one with '..'", name);
	else if (r)
		log_error(r, "%.200s", name ? name : "a name in the archive");
	return r;
}

static uint16_t acl_perm(int permset)
{
	return (permset & ARCHIVE_ENTRY_ACL_READ ? 4 : 0) |
	       (permset & ARCHIVE_ENTRY_ACL_WRITE ? 2 : 0) |
	       (permset & ARCHIVE_ENTRY_ACL_EXECUTE ? 1 : 0);
}

static int user_id(const char *name, uint32_t *ret)
{
	struct passwd *pw = name ? getpwnam(name) : NULL;

	if (!pw)
		return -ENOENT;
	*ret = pw->pw_uid;
	return 0;
}

static int group_id(const char *name, uint32_t *ret)
{
	struct group *gr = name ? getgrnam(name) : NULL;

	if (!gr)
		return -ENOENT;
	*ret = gr->gr_gid;
	return 0;
}

static int acl_add_entry(struct acl *a, int permset, int tag, int qual,
			 const char *name)
{
	uint16_t perm = acl_perm(permset);
	uint32_t id = (uint32_t)qual;
	int r = 0;

	switch (tag) {
	case ARCHIVE_ENTRY_ACL_USER_OBJ:
		return acl_add(a, ACL_TAG_USER_OBJ, perm, ACL_NO_ID);
	case ARCHIVE_ENTRY_ACL_GROUP_OBJ:
		return acl_add(a, ACL_TAG_GROUP_OBJ, perm, ACL_NO_ID);
	case ARCHIVE_ENTRY_ACL_MASK:
		return acl_add(a, ACL_TAG_MASK, perm, ACL_NO_ID);
	case ARCHIVE_ENTRY_ACL_OTHER:
		return acl_add(a, ACL_TAG_OTHER, perm, ACL_NO_ID);
	case ARCHIVE_ENTRY_ACL_USER:
		if (qual < 0)
			r = user_id(name, &id);
		return r ? r : acl_add(a, ACL_TAG_USER, perm, id);
	case ARCHIVE_ENTRY_ACL_GROUP:
		if (qual < 0)
			r = group_id(name, &id);
		return r ? r : acl_add(a, ACL_TAG_GROUP, perm, id);
	}
	return -EINVAL;
}

/* One kind of ACL of the entry as the kernel's attribute. */
static int take_acl(struct source *s, struct archive_entry *ae, int type,
		    const char *attr, struct manifest_entry *e)
{
	_cleanup_bytes struct bytes value = BYTES_INIT;
	int permset, tag, qual, got_type, r = 0;
	struct acl a = { NULL, 0 };
	const char *name;

	if (!archive_entry_acl_reset(ae, type))
		return 0;
	while (!r && archive_entry_acl_next(ae, type, &got_type, &permset,
					    &tag, &qual, &name) == ARCHIVE_OK) {
		r = acl_add_entry(&a, permset, tag, qual, name);
		if (r == -ENOENT)
			log_error(0, "%s: %s in its ACL has no number and is not known here",
				  e->path, name ? name : "an entry");
		else if (r)
			failed(e->path, r);
	}
	if (!r && a.n &&
	    (type == ARCHIVE_ENTRY_ACL_TYPE_DEFAULT || !acl_is_minimal(&a))) {
		r = acl_format(&a, &value);
		if (!r)
			r = source_add_xattr(s, e, attr, value.data,
					     value.len);
		if (r)
			xattr_failed(e->path, r);
	}
	acl_release(&a);
	return r;
}

/*
 * In names of attributes writers say some bytes as %XY: '=' would end the name
 * (GNU tar: that and '%'; libarchive: all that is not visible ASCII).
 * libarchive's reader leaves it to us.  In place.
 */
static void decode_name(char *name)
{
	char *out = name;

	for (const char *p = name; *p; p++) {
		uint8_t byte;

		/* bytes_from_hex() takes lower-case digits only. */
		if (*p == '%' && p[1] && p[2]) {
			char hex[2] = { (char)tolower((unsigned char)p[1]),
					(char)tolower((unsigned char)p[2]) };

			if (!bytes_from_hex(hex, 2, &byte, 1) && byte) {
				*out++ = (char)byte;
				p += 2;
				continue;
			}
		}
		*out++ = *p;
	}
	*out = '\0';
}

static int take_xattr(struct source *s, struct manifest_entry *e,
		      const char *name, const void *value, size_t len)
{
	_cleanup_free char *decoded = strdup(name);

	if (!decoded)
		return -ENOMEM;
	decode_name(decoded);
	return source_add_xattr(s, e, decoded, value, len);
}

static int take_xattrs(struct source *s, struct archive_entry *ae,
		       struct manifest_entry *e)
{
	const char *name;
	const void *value;
	size_t len;
	int r = 0;

	archive_entry_xattr_reset(ae);
	while (!r && archive_entry_xattr_next(ae, &name, &value, &len) ==
			     ARCHIVE_OK) {
		if (!name || !name[0]) {
			log_error(0, "%s: an attribute without a name",
				  e->path);
			return -EBADMSG;
		}
		r = take_xattr(s, e, name, value, len);
		if (r)
			xattr_failed(e->path, r);
	}
	if (!r)
		r = take_acl(s, ae, ARCHIVE_ENTRY_ACL_TYPE_ACCESS,
			     ACL_ACCESS_NAME, e);
	if (!r)
		r = take_acl(s, ae, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT,
			     ACL_DEFAULT_NAME, e);
	/* libarchive takes the group's entry for the group bits; they are the
	 * mask's. */
	for (size_t i = 0; i < e->nxattrs; i++)
		if (!strcmp(e->xattrs[i].name, ACL_ACCESS_NAME))
			e->mode = acl_mode(e->xattrs[i].value,
					   e->xattrs[i].len, e->mode);
	source_sort_xattrs(e);
	return r;
}

/* (uid_t)-1 means "no change" to chown(2), so nobody can be that. */
static bool id_ok(int64_t id)
{
	return id >= 0 && id < UINT32_MAX;
}

/*
 * libarchive reads "-1.25" as -1 and +0.25 (3.6 does; the test
 * build-fidelity tells if that changes).  Of "-0.25" the sign is lost.
 */
static void take_mtime(struct archive_entry *ae, struct manifest_entry *e)
{
	long nsec = archive_entry_mtime_nsec(ae);

	e->mtime_sec = archive_entry_mtime(ae);
	if (nsec <= 0 || nsec >= NSEC_PER_SEC)
		return;
	e->mtime_nsec = (uint32_t)nsec;
	if (e->mtime_sec < 0) {
		e->mtime_sec--;
		e->mtime_nsec = NSEC_PER_SEC - e->mtime_nsec;
	}
}

/* Linux has 12 bits of major and 20 of minor. */
static int take_device(struct archive_entry *ae, struct manifest_entry *e)
{
	e->rdev = archive_entry_rdev(ae);
	if (major(e->rdev) < 1 << 12 && minor(e->rdev) < 1 << 20)
		return 0;
	log_error(-EOVERFLOW, "%s: its device number", e->path);
	return -EOVERFLOW;
}

static int take_stat(struct archive_entry *ae, struct manifest_entry *e)
{
	mode_t type = archive_entry_filetype(ae);

	if (!id_ok(archive_entry_uid(ae)) || !id_ok(archive_entry_gid(ae))) {
		log_error(-EOVERFLOW, "%s: its owner", e->path);
		return -EOVERFLOW;
	}
	e->mode = type | (archive_entry_perm(ae) & 07777);
	e->uid = (uint32_t)archive_entry_uid(ae);
	e->gid = (uint32_t)archive_entry_gid(ae);
	take_mtime(ae, e);
	switch (type) {
	case S_IFLNK:
		/* As Linux has it: a link's permissions mean nothing. */
		e->mode = S_IFLNK | 0777;
		break;
	case S_IFREG:
		e->size = (uint64_t)archive_entry_size(ae);
		break;
	case S_IFCHR:
	case S_IFBLK:
		return take_device(ae, e);
	case S_IFDIR:
	case S_IFIFO:
		break;
	default:
		log_error(0, "%s: an entry of unknown type", e->path);
		return -EBADMSG;
	}
	return 0;
}

static int take_target(struct archive_entry *ae, struct manifest_entry *e)
{
	const char *target = archive_entry_symlink(ae);

	if (!target || !target[0]) {
		log_error(0, "%s: a symbolic link to nothing", e->path);
		return -EBADMSG;
	}
	if (strlen(target) >= PATH_MAX)
		return failed(e->path, -ENAMETOOLONG);
	e->target = strdup(target);
	if (!e->target)
		return failed(e->path, -ENOMEM);
	e->size = strlen(target);
	return 0;
}

int tar_entry_take(struct source *s, struct archive_entry *ae,
		   struct manifest_entry *e)
{
	int r = set_name(archive_entry_pathname(ae), &e->path);

	if (r)
		return r;
	if (archive_entry_hardlink(ae)) {
		/* Some writers repeat the data: it is that of the target. */
		e->hardlink = true;
		return set_name(archive_entry_hardlink(ae), &e->target);
	}
	r = take_stat(ae, e);
	if (!r && S_ISLNK(e->mode))
		r = take_target(ae, e);
	if (!r)
		r = take_xattrs(s, ae, e);
	return r;
}
