/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/marks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/fileio.h"

/* A redirect is a path: more than an inode can hold is damage. */
#define VALUE_MAX 65536

struct reader {
	int dirfd;
	const char *name;
	const char *attr; /* the attribute being looked at */
	struct marks *out;
};

static bool strip(const char *s, const char *prefix, const char **ret)
{
	size_t len = strlen(prefix);

	if (strncmp(s, prefix, len))
		return false;
	*ret = s + len;
	return true;
}

static ssize_t value(struct reader *r, char *buf, size_t size)
{
	ssize_t n = fileio_getxattr(r->dirfd, r->name, r->attr, buf, size - 1);

	if (n >= 0)
		buf[n] = '\0';
	return n;
}

static int read_opaque(struct reader *r)
{
	char buf[8];
	ssize_t n = value(r, buf, sizeof(buf));

	if (n < 0)
		return (int)n;
	if (n == 1 && buf[0] == 'y')
		r->out->opaque = true;
	if (n == 1 && buf[0] == 'x')
		r->out->xwhiteouts = true;
	return 0;
}

static int read_redirect(struct reader *r)
{
	_cleanup_free char *buf = malloc(VALUE_MAX + 1);
	ssize_t n;

	if (!buf)
		return -ENOMEM;
	n = value(r, buf, VALUE_MAX);
	if (n < 0)
		return (int)n;
	free(r->out->redirect);
	r->out->redirect = strdup(buf);
	return r->out->redirect ? 0 : -ENOMEM;
}

static int read_origin(struct reader *r)
{
	ssize_t n = fileio_getxattr(r->dirfd, r->name, r->attr, r->out->origin,
				    sizeof(r->out->origin));

	/* An empty origin says "broken, from where is not known". */
	if (n < 0 && n != -ERANGE)
		return (int)n;
	if (n >= (ssize_t)sizeof(struct layer_handle))
		r->out->origin_len = (unsigned)n;
	return 0;
}

static int read_nlink(struct reader *r)
{
	char buf[16], *end;
	ssize_t n = value(r, buf, sizeof(buf));
	long v;

	if (n < 0)
		return n == -ERANGE ? -EBADMSG : (int)n;
	v = n > 1 ? strtol(buf + 1, &end, 10) : 0;
	if (n < 2 || *end || (buf[0] != 'U' && buf[0] != 'L') ||
	    v < INT32_MIN || v > INT32_MAX)
		return -EBADMSG;
	r->out->has_nlink = true;
	r->out->nlink_lower = buf[0] == 'L';
	r->out->nlink = (int32_t)v;
	return 0;
}

static int read_ino(struct reader *r)
{
	char buf[24];
	ssize_t n = value(r, buf, sizeof(buf));
	int err;

	if (n < 0)
		return n == -ERANGE ? -EBADMSG : (int)n;
	err = bytes_parse_u64(buf, &r->out->ino);
	if (err)
		return -EBADMSG;
	r->out->has_ino = true;
	return 0;
}

static int read_links(struct reader *r)
{
	char buf[64], *end;
	ssize_t n = value(r, buf, sizeof(buf));
	unsigned long v;

	if (n < 0)
		return n == -ERANGE ? -EBADMSG : (int)n;
	v = strtoul(buf, &end, 10);
	if (end == buf || *end != ' ' || v < 2 || v > UINT32_MAX)
		return -EBADMSG;
	r->out->links = (uint32_t)v;
	return 0;
}

static int set_true(bool *flag)
{
	*flag = true;
	return 0;
}

static int read_overlay(struct reader *r, const char *mark)
{
	if (!strcmp(mark, LAYER_OPAQUE))
		return read_opaque(r);
	if (!strcmp(mark, LAYER_REDIRECT))
		return read_redirect(r);
	if (!strcmp(mark, LAYER_METACOPY))
		return set_true(&r->out->metacopy);
	if (!strcmp(mark, LAYER_ORIGIN))
		return read_origin(r);
	if (!strcmp(mark, LAYER_IMPURE))
		return set_true(&r->out->impure);
	if (!strcmp(mark, LAYER_NLINK))
		return read_nlink(r);
	if (!strcmp(mark, LAYER_WHITEOUT))
		return set_true(&r->out->xwhiteout);
	/* Linux 6.7 marked such directories with an attribute of their own. */
	if (!strcmp(mark, "whiteouts"))
		return set_true(&r->out->xwhiteouts);
	return 0;
}

static int read_stencil(struct reader *r, const char *mark)
{
	if (!strcmp(mark, STENCIL_INO))
		return read_ino(r);
	if (!strcmp(mark, STENCIL_RDEV))
		return set_true(&r->out->rdev00);
	if (!strcmp(mark, STENCIL_LINKS))
		return read_links(r);
	return 0;
}

static int read_one(struct fs *fs, struct reader *r, enum marks_dialect d)
{
	bool user = d == MARKS_PRIVATE && fs->userxattr;
	const char *mark;

	if (!strncmp(r->attr, LAYER_NS_TRUSTED LAYER_NS_ESCAPE,
		     strlen(LAYER_NS_TRUSTED LAYER_NS_ESCAPE)) ||
	    !strncmp(r->attr, LAYER_NS_USER LAYER_NS_ESCAPE,
		     strlen(LAYER_NS_USER LAYER_NS_ESCAPE)))
		return 0;
	if (!user && strip(r->attr, LAYER_NS_TRUSTED, &mark))
		return read_overlay(r, mark);
	if ((user || d == MARKS_FOREIGN) &&
	    strip(r->attr, LAYER_NS_USER, &mark))
		return read_overlay(r, mark);
	if (d == MARKS_FOREIGN && strip(r->attr, LAYER_NS_FUSE, &mark))
		return read_overlay(r, mark);
	/* A foreign layer's marks of our own kind mean nothing. */
	if (d != MARKS_FOREIGN && !user &&
	    strip(r->attr, STENCIL_NS_TRUSTED, &mark))
		return read_stencil(r, mark);
	if (user && strip(r->attr, STENCIL_NS_USER, &mark))
		return read_stencil(r, mark);
	return 0;
}

int marks_read(struct fs *fs, int dirfd, const char *name,
	       enum marks_dialect d, struct marks *ret)
{
	struct marks out = { 0 };
	struct reader r = { dirfd, name, NULL, &out };
	_cleanup_bytes struct bytes names = BYTES_INIT;
	int err = fileio_listxattr(dirfd, name, &names);

	if (err == -EOPNOTSUPP)
		err = 0;
	for (size_t i = 0; !err && i < names.len;
	     i += strlen(names.data + i) + 1) {
		r.attr = names.data + i;
		err = read_one(fs, &r, d);
		/* Removed since it was listed. */
		if (err == -ENODATA)
			err = 0;
	}
	if (err) {
		marks_release(&out);
		return err;
	}
	*ret = out;
	return 0;
}

void marks_release(struct marks *m)
{
	free(m->redirect);
	m->redirect = NULL;
}

static void own_name(struct fs *fs, const char *trusted, const char *user,
		     const char *mark, char out[static MARKS_NAME_MAX])
{
	snprintf(out, MARKS_NAME_MAX, "%s%s", fs->userxattr ? user : trusted,
		 mark);
}

int marks_set(struct fs *fs, int dirfd, const char *name, const char *mark,
	      const void *val, size_t len)
{
	char attr[MARKS_NAME_MAX];

	own_name(fs, LAYER_NS_TRUSTED, LAYER_NS_USER, mark, attr);
	return fileio_setxattr(dirfd, name, attr, val, len, 0);
}

int marks_remove(struct fs *fs, int dirfd, const char *name, const char *mark)
{
	char attr[MARKS_NAME_MAX];
	int r;

	own_name(fs, LAYER_NS_TRUSTED, LAYER_NS_USER, mark, attr);
	r = fileio_removexattr(dirfd, name, attr);
	return r == -ENODATA ? 0 : r;
}

int marks_set_ino(struct fs *fs, int dirfd, const char *name, uint64_t ino)
{
	char attr[MARKS_NAME_MAX], val[24];
	int len = snprintf(val, sizeof(val), "%llu", (unsigned long long)ino);

	own_name(fs, STENCIL_NS_TRUSTED, STENCIL_NS_USER, STENCIL_INO, attr);
	return fileio_setxattr(dirfd, name, attr, val, (size_t)len, 0);
}

int marks_set_rdev00(struct fs *fs, int dirfd, const char *name)
{
	char attr[MARKS_NAME_MAX];

	own_name(fs, STENCIL_NS_TRUSTED, STENCIL_NS_USER, STENCIL_RDEV, attr);
	return fileio_setxattr(dirfd, name, attr, "0:0", 3, 0);
}

/* Names that are ours or fuse-overlayfs's: containers have none of them. */
static const char *const refused[] = { STENCIL_NS_TRUSTED, STENCIL_NS_USER,
				       LAYER_NS_FUSE };

/*
 * The prefix of the mount's own marks.  A container's names with it are kept
 * under an escape, as overlayfs does since Linux 6.7 for an overlay on an
 * overlay.  The other prefix is an ordinary one.
 */
static const char *own_prefix(const struct fs *fs)
{
	return fs->userxattr ? LAYER_NS_USER : LAYER_NS_TRUSTED;
}

int marks_encode(const struct fs *fs, const char *name,
		 char out[static MARKS_NAME_MAX])
{
	const char *rest, *prefix = own_prefix(fs);
	int len;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (strip(name, refused[i], &rest))
			return -EPERM;
	if (strip(name, prefix, &rest))
		len = snprintf(out, MARKS_NAME_MAX, "%s" LAYER_NS_ESCAPE "%s",
			       prefix, rest);
	else
		len = snprintf(out, MARKS_NAME_MAX, "%s", name);
	return len < 0 || len > XATTR_NAME_MAX ? -ERANGE : 0;
}

const char *marks_decode(const struct fs *fs, const char *stored,
			 char out[static MARKS_NAME_MAX])
{
	const char *rest, *inner, *prefix = own_prefix(fs);

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (strip(stored, refused[i], &rest))
			return NULL;
	if (!strip(stored, prefix, &rest))
		return stored;
	if (!strip(rest, LAYER_NS_ESCAPE, &inner))
		return NULL;
	snprintf(out, MARKS_NAME_MAX, "%s%s", prefix, inner);
	return out;
}

bool marks_foreign(const char *name)
{
	const char *rest;

	return strip(name, LAYER_NS_USER, &rest) ||
	       strip(name, LAYER_NS_TRUSTED, &rest);
}

bool marks_carried(const struct fs *fs, const char *stored, bool foreign)
{
	char buf[MARKS_NAME_MAX];

	return marks_decode(fs, stored, buf) &&
	       !(foreign && marks_foreign(stored));
}
