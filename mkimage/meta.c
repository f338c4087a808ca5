// SPDX-License-Identifier: Apache-2.0
#include "mkimage/meta.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fileio.h"
#include "base/layer_format.h"
#include "base/manifest.h"

#define SHA1_ATTR STENCIL_NS_TRUSTED STENCIL_SHA1
#define LINKS_ATTR STENCIL_NS_TRUSTED STENCIL_LINKS
#define LINKS_BYTES 8 /* of the digest that stand in the attribute */

static int set_owner(int dirfd, const char *name,
		     const struct manifest_entry *e)
{
	int flags = name ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH;
	int r = fchownat(dirfd, name ? name : "", e->uid, e->gid, flags);

	return r ? -errno : 0;
}

static int set_mode(int dirfd, const char *name,
		    const struct manifest_entry *e)
{
	mode_t mode = e->mode & 07777;
	int r;

	if (S_ISLNK(e->mode))
		return 0;
	/* `name` is none: what lies there was made here, and is no link. */
	r = name ? fchmodat(dirfd, name, mode, 0) : fchmod(dirfd, mode);
	return r ? -errno : 0;
}

static int set_time(int dirfd, const char *name,
		    const struct manifest_entry *e)
{
	struct timespec times[2] = {
		{ .tv_nsec = UTIME_OMIT },
		{ e->mtime_sec, e->mtime_nsec },
	};
	int r = name ? utimensat(dirfd, name, times, AT_SYMLINK_NOFOLLOW)
		     : futimens(dirfd, times);

	return r ? -errno : 0;
}

static int set_xattr(int dirfd, const char *name, const char *attr,
		     const void *value, size_t len)
{
	if (name)
		return fileio_setxattr(dirfd, name, attr, value, len, 0);
	return fsetxattr(dirfd, attr, value, len, 0) ? -errno : 0;
}

static int set_sha1(int dirfd, const char *name, const struct sha1 *sha1)
{
	char hex[SHA1_HEX + 1];

	bytes_to_hex(sha1->bytes, sizeof(sha1->bytes), hex);
	return set_xattr(dirfd, name, SHA1_ATTR, hex, SHA1_HEX);
}

mode_t meta_made_mode(const struct manifest_entry *e)
{
	if (S_ISDIR(e->mode))
		return S_IFDIR | 0700;
	return e->mode & (S_IFMT | 0777);
}

/* The staged tree's directories have the process's ids, no set-GID bits (until
 * the end) and no default ACLs, and the umask is 0: what is new has those ids
 * and the mode that was asked for. */
static int set_owner_and_mode(int dirfd, const char *name,
			      const struct manifest_entry *e)
{
	int r = 0;

	if (e->uid != geteuid() || e->gid != getegid())
		r = set_owner(dirfd, name, e);
	if (!r && e->mode != meta_made_mode(e))
		r = set_mode(dirfd, name, e);
	return r;
}

/* The owner first, for chown(2) takes set-id bits and capabilities away; the
 * times last. */
int meta_apply(int dirfd, const char *name, const struct manifest_entry *e,
	       const char **ret_what)
{
	int r = set_owner_and_mode(dirfd, name, e);

	if (r)
		return r;
	for (size_t i = 0; i < e->nxattrs; i++) {
		const struct manifest_xattr *x = &e->xattrs[i];

		r = set_xattr(dirfd, name, x->name, x->value, x->len);
		if (r) {
			*ret_what = x->name;
			return r;
		}
	}
	if (S_ISREG(e->mode)) {
		r = set_sha1(dirfd, name, &e->sha1);
		if (r) {
			*ret_what = SHA1_ATTR;
			return r;
		}
	}
	return set_time(dirfd, name, e);
}

void meta_links_value(uint32_t n, const struct sha256 *paths,
		      char out[static META_LINKS_MAX])
{
	char hex[2 * LINKS_BYTES + 1];

	bytes_to_hex(paths->bytes, LINKS_BYTES, hex);
	snprintf(out, META_LINKS_MAX, "%u %s", n, hex);
}

int meta_set_links(int fd, uint32_t n, const struct sha256 *paths)
{
	char value[META_LINKS_MAX];

	meta_links_value(n, paths, value);
	return set_xattr(fd, NULL, LINKS_ATTR, value, strlen(value));
}

int meta_get_links(int dirfd, const char *name,
		   char out[static META_LINKS_MAX])
{
	ssize_t n = fileio_getxattr(dirfd, name, LINKS_ATTR, out,
				    META_LINKS_MAX - 1);

	if (n < 0)
		return n == -ERANGE ? -EBADMSG : (int)n;
	out[n] = '\0';
	return 0;
}

int meta_get_sha1(int dirfd, const char *name, struct sha1 *ret)
{
	char hex[SHA1_HEX];
	ssize_t n = fileio_getxattr(dirfd, name, SHA1_ATTR, hex, sizeof(hex));

	if (n < 0)
		return n == -ERANGE ? -EBADMSG : (int)n;
	if (bytes_from_hex(hex, (size_t)n, ret->bytes, sizeof(ret->bytes)))
		return -EBADMSG;
	return 0;
}

/* An attribute's value in `buf`, of any length. */
static int get_xattr(int fd, const char *attr, struct bytes *buf)
{
	char small[256];
	_cleanup_free char *big = NULL;
	ssize_t n = fgetxattr(fd, attr, small, sizeof(small));

	buf->len = 0;
	if (n >= 0)
		return bytes_add(buf, small, (size_t)n);
	if (errno != ERANGE)
		return -errno;
	big = malloc(XATTR_SIZE_MAX);
	if (!big)
		return -ENOMEM;
	n = fgetxattr(fd, attr, big, XATTR_SIZE_MAX);
	return n < 0 ? -errno : bytes_add(buf, big, (size_t)n);
}

static size_t count_names(const struct bytes *names)
{
	size_t n = 0;

	for (size_t i = 0; i < names->len; i += strlen(names->data + i) + 1)
		n++;
	return n;
}

static int xattrs_equal(int a, int b)
{
	_cleanup_bytes struct bytes na = BYTES_INIT, nb = BYTES_INIT;
	_cleanup_bytes struct bytes va = BYTES_INIT, vb = BYTES_INIT;
	int r = fileio_listxattr(a, NULL, &na);

	if (!r)
		r = fileio_listxattr(b, NULL, &nb);
	if (r)
		return r == -EOPNOTSUPP ? 1 : r;
	if (count_names(&na) != count_names(&nb))
		return 0;
	for (size_t i = 0; i < na.len; i += strlen(na.data + i) + 1) {
		r = get_xattr(a, na.data + i, &va);
		if (!r)
			r = get_xattr(b, na.data + i, &vb);
		if (r)
			return r == -ENODATA ? 0 : r;
		if (va.len != vb.len || memcmp(va.data, vb.data, va.len))
			return 0;
	}
	return 1;
}

int meta_equal(int a, int b)
{
	struct stat sa, sb;

	if (fstat(a, &sa) || fstat(b, &sb))
		return -errno;
	if (sa.st_mode != sb.st_mode || sa.st_uid != sb.st_uid ||
	    sa.st_gid != sb.st_gid || sa.st_size != sb.st_size ||
	    sa.st_mtim.tv_sec != sb.st_mtim.tv_sec ||
	    sa.st_mtim.tv_nsec != sb.st_mtim.tv_nsec)
		return 0;
	return xattrs_equal(a, b);
}

/* Is the attribute what the entry's file would have?  1, 0 or -errno. */
static int same_xattr(int fd, const char *attr, struct bytes *value,
		      const struct manifest_entry *e)
{
	char hex[SHA1_HEX + 1];
	int r = get_xattr(fd, attr, value);

	if (r)
		return r == -ENODATA ? 0 : r;
	if (!strcmp(attr, SHA1_ATTR)) {
		bytes_to_hex(e->sha1.bytes, sizeof(e->sha1.bytes), hex);
		return value->len == SHA1_HEX &&
		       !memcmp(value->data, hex, SHA1_HEX);
	}
	for (size_t i = 0; i < e->nxattrs; i++) {
		const struct manifest_xattr *x = &e->xattrs[i];

		if (!strcmp(x->name, attr))
			return x->len == value->len &&
			       (!x->len ||
				!memcmp(x->value, value->data, x->len));
	}
	return 0;
}

int meta_equal_xattrs(int fd, const struct manifest_entry *e)
{
	_cleanup_bytes struct bytes names = BYTES_INIT, value = BYTES_INIT;
	int r = fileio_listxattr(fd, NULL, &names);

	if (r)
		return r;
	if (count_names(&names) != e->nxattrs + 1)
		return 0;
	r = 1;
	for (size_t i = 0; r > 0 && i < names.len;
	     i += strlen(names.data + i) + 1)
		r = same_xattr(fd, names.data + i, &value, e);
	return r;
}

static int copy_xattrs(int from, int to)
{
	_cleanup_bytes struct bytes names = BYTES_INIT, value = BYTES_INIT;
	int r = fileio_listxattr(from, NULL, &names);

	for (size_t i = 0; !r && i < names.len;
	     i += strlen(names.data + i) + 1) {
		r = get_xattr(from, names.data + i, &value);
		if (!r)
			r = set_xattr(to, NULL, names.data + i, value.data,
				      value.len);
	}
	return r;
}

int meta_copy(int from, int to)
{
	struct stat st;
	int r;

	if (fstat(from, &st))
		return -errno;
	if (fchown(to, st.st_uid, st.st_gid) || fchmod(to, st.st_mode & 07777))
		return -errno;
	r = copy_xattrs(from, to);
	if (!r && futimens(to, (struct timespec[]){ { .tv_nsec = UTIME_OMIT },
						    st.st_mtim }))
		r = -errno;
	return r;
}
