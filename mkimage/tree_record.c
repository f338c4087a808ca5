// SPDX-License-Identifier: Apache-2.0
/*
 * A node's record: of fixed size, at the node's number in one spool; link
 * targets and attributes are added to the end of another.  A record that is
 * written again leaves its old values behind, which is rare.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "mkimage/spool.h"
#include "mkimage/tree.h"
#include "mkimage/tree_types.h"

struct record {
	uint32_t mode, uid, gid, mtime_nsec;
	int64_t mtime_sec;
	uint64_t size, rdev;
	uint64_t values; /* where its values begin */
	uint32_t values_len, nxattrs, has_target, has_digest;
	struct sha1 sha1;
	struct sha256 verity;
	struct tree_origin origin;
};

static int add_value(struct bytes *out, const void *data, size_t len)
{
	uint32_t n = (uint32_t)len;
	int r = bytes_add(out, &n, sizeof(n));

	return r ? r : bytes_add(out, data, len);
}

static int put_values(struct tree *t, const struct manifest_entry *e,
		      struct record *rec)
{
	_cleanup_bytes struct bytes out = BYTES_INIT;
	int r = 0;

	if (S_ISLNK(e->mode) && e->target) {
		rec->has_target = 1;
		r = add_value(&out, e->target, strlen(e->target));
	}
	for (size_t i = 0; i < e->nxattrs && !r; i++) {
		const struct manifest_xattr *x = &e->xattrs[i];

		r = add_value(&out, x->name, strlen(x->name));
		if (!r)
			r = add_value(&out, x->value, x->len);
	}
	if (!r && out.len)
		r = spool_write(t->values, t->values_len, out.data, out.len);
	if (r)
		return r;
	rec->nxattrs = (uint32_t)e->nxattrs;
	rec->values = t->values_len;
	rec->values_len = (uint32_t)out.len;
	t->values_len += out.len;
	return 0;
}

int tree_put(struct tree *t, tree_node n, const struct manifest_entry *e,
	     const struct tree_origin *o)
{
	struct record rec = {
		.mode = e->mode,
		.uid = e->uid,
		.gid = e->gid,
		.mtime_sec = e->mtime_sec,
		.mtime_nsec = e->mtime_nsec,
		.size = e->size,
		.rdev = e->rdev,
		.has_digest = e->has_digest,
		.sha1 = e->sha1,
		.verity = e->verity,
	};
	int r = put_values(t, e, &rec);

	if (r)
		return r;
	if (o)
		rec.origin = *o;
	return spool_write(t->records,
			   (uint64_t)tree_inode(t, n) * sizeof(rec), &rec,
			   sizeof(rec));
}

/* The next value in the text at *at, as a string. */
static int take_value(const char **at, char **ret, size_t *ret_len)
{
	uint32_t len;
	char *value;

	memcpy(&len, *at, sizeof(len));
	value = malloc((size_t)len + 1);
	if (!value)
		return -ENOMEM;
	memcpy(value, *at + sizeof(len), len);
	value[len] = '\0';
	*at += sizeof(len) + len;
	*ret = value;
	if (ret_len)
		*ret_len = len;
	return 0;
}

static int get_values(const struct tree *t, const struct record *rec,
		      struct manifest_entry *e)
{
	_cleanup_free char *text = malloc(rec->values_len);
	const char *at = text;
	int r = text ? 0 : -ENOMEM;

	if (!r)
		r = spool_read(t->values, rec->values, text, rec->values_len);
	if (!r && rec->has_target)
		r = take_value(&at, &e->target, NULL);
	if (!r && rec->nxattrs) {
		e->xattrs = calloc(rec->nxattrs, sizeof(*e->xattrs));
		r = e->xattrs ? 0 : -ENOMEM;
	}
	for (uint32_t i = 0; i < rec->nxattrs && !r; i++) {
		struct manifest_xattr *x = &e->xattrs[e->nxattrs++];

		r = take_value(&at, &x->name, NULL);
		if (!r)
			r = take_value(&at, &x->value, &x->len);
	}
	return r;
}

int tree_get(const struct tree *t, tree_node n, struct manifest_entry *ret,
	     struct tree_origin *ret_origin)
{
	struct manifest_entry e;
	struct record rec;
	int r = spool_read(t->records,
			   (uint64_t)tree_inode(t, n) * sizeof(rec), &rec,
			   sizeof(rec));

	if (r)
		return r;
	e = (struct manifest_entry){
		.mode = rec.mode,
		.uid = rec.uid,
		.gid = rec.gid,
		.mtime_sec = rec.mtime_sec,
		.mtime_nsec = rec.mtime_nsec,
		.size = rec.size,
		.rdev = rec.rdev,
		.has_digest = rec.has_digest,
		.sha1 = rec.sha1,
		.verity = rec.verity,
	};
	if (rec.values_len)
		r = get_values(t, &rec, &e);
	if (r) {
		manifest_entry_release(&e);
		return r;
	}
	*ret = e;
	if (ret_origin)
		*ret_origin = rec.origin;
	return 0;
}
