// SPDX-License-Identifier: Apache-2.0
#include "mkimage/check_index.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/manifest.h"
#include "mkimage/tindex_write.h"

struct tindex *check_index_open(struct findings *f, int rootfd)
{
	struct tindex *t;
	int r = tindex_open(rootfd, &t);

	if (!r)
		return t;
	/* A copied store's, or a file system's that cannot have one: mounts do
	 * without. */
	if (r != -ENOENT && r != -ESTALE && r != -EOPNOTSUPP && r != -EPROTO)
		findings_add(f, TINDEX_FILE, r, "cannot be read");
	return NULL;
}

const struct tindex_entry *check_index_find(const struct tindex *t,
					    const struct tindex_entry *dir,
					    const char *name)
{
	const struct tindex_entry *e;

	if (!t || !dir || !S_ISDIR(tindex_mode(dir)) ||
	    tindex_find(t, dir, name, &e))
		return NULL;
	return e;
}

static bool same_target(const struct tindex *t, const struct tindex_entry *i,
			const struct manifest_entry *e)
{
	const char *target;
	int n;

	/* A further name's line does not say it. */
	if (!S_ISLNK(e->mode) || e->hardlink)
		return true;
	n = tindex_target(t, i, &target);
	return n >= 0 && (size_t)n == strlen(e->target) &&
	       !memcmp(target, e->target, (size_t)n);
}

static bool same_stat(const struct stat *st, const struct manifest_entry *e,
		      uint64_t ino)
{
	bool is_dev = S_ISCHR(e->mode) || S_ISBLK(e->mode);

	return st->st_ino == ino && st->st_mode == e->mode &&
	       st->st_uid == e->uid && st->st_gid == e->gid &&
	       st->st_mtim.tv_sec == e->mtime_sec &&
	       st->st_mtim.tv_nsec == e->mtime_nsec &&
	       (S_ISDIR(e->mode) || st->st_nlink == e->nlink) &&
	       (!S_ISREG(e->mode) || (uint64_t)st->st_size == e->size) &&
	       (!is_dev || st->st_rdev == e->rdev);
}

void check_index_entry(struct findings *f, const struct tindex *t,
		       const struct tindex_entry *i,
		       const struct manifest_entry *e, uint64_t ino)
{
	struct stat st;

	if (!i) {
		findings_add(f, e->path, 0, "is missing in the index");
		return;
	}
	tindex_stat(t, i, 0, &st);
	if (!same_stat(&st, e, ino) || !same_target(t, i, e) ||
	    tindex_flags(i) != tindex_write_flags(e))
		findings_add(f, e->path, 0, "is something else in the index");
}

void check_index_count(struct findings *f, const struct tindex *t,
		       const struct tindex_entry *dir, const char *path,
		       size_t n)
{
	const struct tindex_entry *first;
	int has = tindex_entries(t, dir, &first);

	if (has < 0 || (size_t)has != n)
		findings_add(f, path, 0, "has other names in the index");
}
