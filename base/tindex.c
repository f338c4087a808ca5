// SPDX-License-Identifier: Apache-2.0
#include "base/tindex.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/cleanup.h"

struct tindex {
	const struct tindex_header *header; /* the mapping */
	const struct tindex_entry *entries;
	const char *strings;
	uint64_t count, strings_size;
	size_t size;
};

uint64_t tindex_hash(const char *name, size_t len)
{
	return XXH3_64bits(name, len);
}

int tindex_bind(int rootfd, struct tindex_header *ret)
{
	struct statfs fs;
	struct statx st;
	uint64_t fsid;

	static_assert(sizeof(fs.f_fsid) == sizeof(fsid), "two ints");
	if (fstatfs(rootfd, &fs) ||
	    statx(rootfd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &st))
		return -errno;
	memcpy(&fsid, &fs.f_fsid, sizeof(fsid));
	/* Inode numbers are used again: only with its birth is one unique. */
	if (!(st.stx_mask & STATX_BTIME))
		return -EOPNOTSUPP;
	ret->fsid = htole64(fsid);
	ret->root_ino = htole64(st.stx_ino);
	ret->root_btime_sec = (int64_t)htole64((uint64_t)st.stx_btime.tv_sec);
	ret->root_btime_nsec = htole32(st.stx_btime.tv_nsec);
	return 0;
}

/* Of the tree at rootfd? */
static int check_bound(int rootfd, const struct tindex_header *h)
{
	struct tindex_header now = { 0 };
	int r = tindex_bind(rootfd, &now);

	if (r)
		return r;
	return now.fsid == h->fsid && now.root_ino == h->root_ino &&
		       now.root_btime_sec == h->root_btime_sec &&
		       now.root_btime_nsec == h->root_btime_nsec
	       ? 0
	       : -ESTALE;
}

/* Only what does not depend on the index's size: each access checks the rest
 * of what it uses. */
static int check_header(struct tindex *t)
{
	const struct tindex_header *h = t->header;
	uint64_t room;

	if (t->size < sizeof(*h) ||
	    memcmp(h->magic, TINDEX_MAGIC, sizeof(h->magic)))
		return -EBADMSG;
	if (le32toh(h->version) > TINDEX_VERSION)
		return -EPROTO;
	t->count = le64toh(h->count);
	t->strings_size = le64toh(h->strings_size);
	room = t->size - sizeof(*h);
	if (le32toh(h->version) != TINDEX_VERSION ||
	    le32toh(h->entry_size) != sizeof(struct tindex_entry) ||
	    !t->count || t->count > UINT32_MAX ||
	    t->strings_size > UINT32_MAX ||
	    t->count * sizeof(struct tindex_entry) + t->strings_size != room)
		return -EBADMSG;
	t->entries = (const struct tindex_entry *)(h + 1);
	t->strings = (const char *)(t->entries + t->count);
	return S_ISDIR(tindex_mode(t->entries)) ? 0 : -EBADMSG;
}

static int map(int rootfd, struct tindex *t)
{
	_cleanup_fd int fd = openat(rootfd, "../" TINDEX_FILE,
				    O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	void *p;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || !st.st_size)
		return -EBADMSG;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	t->header = p;
	t->size = (size_t)st.st_size;
	return 0;
}

int tindex_open(int rootfd, struct tindex **ret)
{
	struct tindex *t = calloc(1, sizeof(*t));
	int r = t ? map(rootfd, t) : -ENOMEM;

	if (!r)
		r = check_header(t);
	if (!r)
		r = check_bound(rootfd, t->header);
	if (r) {
		tindex_close(t);
		return r;
	}
	*ret = t;
	return 0;
}

void tindex_close(struct tindex *t)
{
	if (!t)
		return;
	if (t->header)
		munmap((void *)t->header, t->size);
	free(t);
}

const struct tindex_entry *tindex_root(const struct tindex *t)
{
	return t->entries;
}

int tindex_entries(const struct tindex *t, const struct tindex_entry *dir,
		   const struct tindex_entry **ret)
{
	uint64_t first = le32toh(dir->first), n = le32toh(dir->n);

	/* A directory stands before what is in it, so none can be in itself. */
	if (!S_ISDIR(tindex_mode(dir)) || n > INT_MAX ||
	    (n && (first <= (uint64_t)(dir - t->entries) ||
		   first + n > t->count)))
		return -EBADMSG;
	*ret = t->entries + first;
	return (int)n;
}

static int string(const struct tindex *t, uint64_t offset, uint64_t len,
		  const char **ret)
{
	if (offset + len > t->strings_size || len > PATH_MAX)
		return -EBADMSG;
	*ret = t->strings + offset;
	return (int)len;
}

int tindex_name(const struct tindex *t, const struct tindex_entry *e,
		const char **ret)
{
	unsigned int len = le16toh(e->name_len);

	return len > NAME_MAX ? -EBADMSG
			      : string(t, le32toh(e->name), len, ret);
}

int tindex_target(const struct tindex *t, const struct tindex_entry *e,
		  const char **ret)
{
	if (!S_ISLNK(tindex_mode(e)))
		return -EBADMSG;
	return string(t, le32toh(e->first), le32toh(e->n), ret);
}

/* The first of the n sorted entries whose hash is not below. */
static int lower_bound(const struct tindex_entry *e, int n, uint64_t hash)
{
	int lo = 0, hi = n;

	while (lo < hi) {
		int mid = lo + (hi - lo) / 2;

		if (le64toh(e[mid].hash) < hash)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

int tindex_find(const struct tindex *t, const struct tindex_entry *dir,
		const char *name, const struct tindex_entry **ret)
{
	const struct tindex_entry *e;
	size_t len = strlen(name);
	uint64_t hash = tindex_hash(name, len);
	int n = tindex_entries(t, dir, &e);
	const char *other;
	int r;

	if (n < 0)
		return n;
	for (int i = lower_bound(e, n, hash);
	     i < n && le64toh(e[i].hash) == hash; i++) {
		r = tindex_name(t, &e[i], &other);
		if (r < 0)
			return r;
		if ((size_t)r == len && !memcmp(other, name, len)) {
			*ret = &e[i];
			return 0;
		}
	}
	return -ENOENT;
}

void tindex_stat(const struct tindex *t, const struct tindex_entry *e,
		 dev_t dev, struct stat *ret)
{
	const struct tindex_header *h = t->header;
	struct timespec made = { (int64_t)le64toh((uint64_t)h->made_sec),
				 le32toh(h->made_nsec) };
	mode_t mode = tindex_mode(e);

	memset(ret, 0, sizeof(*ret));
	ret->st_dev = dev;
	ret->st_ino = le64toh(e->ino);
	ret->st_mode = mode;
	ret->st_nlink = le32toh(e->links);
	ret->st_uid = le32toh(e->uid);
	ret->st_gid = le32toh(e->gid);
	if (S_ISCHR(mode) || S_ISBLK(mode))
		ret->st_rdev = le64toh(e->size);
	else
		ret->st_size = (off_t)le64toh(e->size);
	ret->st_blocks = (blkcnt_t)le64toh(e->blocks);
	ret->st_blksize = 4096;
	ret->st_mtim.tv_sec = (int64_t)le64toh((uint64_t)e->mtime_sec);
	ret->st_mtim.tv_nsec = le32toh(e->mtime_nsec);
	ret->st_ctim = ret->st_atim = made;
}
