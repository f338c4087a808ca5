// SPDX-License-Identifier: Apache-2.0
/* Placing files that are written, once all names are known. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "mkimage/meta.h"
#include "mkimage/pool_name.h"
#include "mkimage/pool_types.h"
#include "mkimage/stop.h"

#define COMPARE_SIZE (256 * 1024)
#define KEY_USED UINT64_MAX

struct pool_run {
	struct pool *pool;
	char *buf[2]; /* COMPARE_SIZE each */
	/* Variants of `sha1` that this run has given to a file. */
	struct sha1 sha1;
	ino_t *used;
	size_t nused, size;
	/* What is known of its variants, by number, so that many files of one
	 * content do not open each other's: pool_meta_key() or KEY_USED. */
	uint64_t *keys;
	size_t nkeys, keys_size;
	size_t nleading; /* the first ones, all KEY_USED */
	unsigned int placed; /* pool_placed_at() */
};

/* What is known while one file is placed. */
struct placing {
	struct pool *pool;
	struct pool_run *run;
	int dirfd;
	const char *path;
	const struct sha1 *sha1;
	unsigned int names;
	int fd; /* the file, or -1 while nobody needed it */
	struct stat st;
	unsigned int variant;
	int donor; /* a variant with the same content, or -1 */
	bool cloned; /* the file was replaced by a reflink of it */
};

int pool_run_new(struct pool_run **ret, struct pool *p)
{
	struct pool_run *run = calloc(1, sizeof(*run));

	if (!run)
		return -ENOMEM;
	run->pool = p;
	*ret = run;
	return 0;
}

void pool_run_free(struct pool_run *run)
{
	free(run->buf[0]);
	free(run->buf[1]);
	free(run->used);
	free(run->keys);
	free(run);
}

static uint64_t meta_key(const struct stat *st)
{
	return pool_meta_key(st->st_mode, st->st_uid, st->st_gid,
			     (uint64_t)st->st_size, st->st_mtim.tv_sec,
			     (uint32_t)st->st_mtim.tv_nsec);
}

/* Notes what variant number `v` is; they are met in ascending order. */
static int note_key(struct pool_run *run, size_t v, uint64_t key)
{
	if (v >= run->keys_size) {
		size_t size = v < 8 ? 16 : 2 * v;
		uint64_t *grown = reallocarray(run->keys, size, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		run->keys = grown;
		run->keys_size = size;
	}
	run->keys[v] = key;
	if (v >= run->nkeys)
		run->nkeys = v + 1;
	return 0;
}

static bool is_used(const struct pool_run *run, ino_t ino)
{
	if (pool_claimed(run->pool, ino))
		return true;
	for (size_t i = 0; i < run->nused; i++)
		if (run->used[i] == ino)
			return true;
	return false;
}

static int add_used(struct pool_run *run, ino_t ino)
{
	if (run->nused == run->size) {
		size_t size = run->size ? 2 * run->size : 16;
		ino_t *grown = reallocarray(run->used, size, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		run->used = grown;
		run->size = size;
	}
	run->used[run->nused++] = ino;
	return 0;
}

static ssize_t read_at(int fd, char *buf, off_t offset)
{
	size_t done = 0;

	while (done < COMPARE_SIZE) {
		ssize_t n = pread(fd, buf + done, COMPARE_SIZE - done,
				  offset + (off_t)done);

		if (n < 0 && errno == EINTR && !stop_requested())
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

/* Byte for byte: 1, 0 or -errno. */
static int files_equal(struct pool_run *p, int a, int b)
{
	for (int i = 0; i < 2; i++) {
		if (!p->buf[i])
			p->buf[i] = malloc(COMPARE_SIZE);
		if (!p->buf[i])
			return -ENOMEM;
	}
	for (off_t offset = 0;; offset += COMPARE_SIZE) {
		ssize_t na = read_at(a, p->buf[0], offset);
		ssize_t nb = read_at(b, p->buf[1], offset);
		int r = stop_requested();

		if (r || na < 0 || nb < 0)
			return r ? r : na < 0 ? (int)na : (int)nb;
		if (na != nb || memcmp(p->buf[0], p->buf[1], (size_t)na))
			return 0;
		if (na < COMPARE_SIZE)
			return 1;
	}
}

/* Puts the variant at the file's path.  -EMLINK: it cannot have as many links
 * more as the file has names, for a group must not be torn apart later. */
static int share(struct placing *l, const char *name, int fd, nlink_t links)
{
	long max = fpathconf(fd, _PC_LINK_MAX);
	char aside[POOL_ASIDE_MAX];

	if (max > 0 && (nlink_t)max - l->names < links)
		return -EMLINK;
	pool_aside(l->pool, aside);
	if (linkat(l->pool->fd, name, l->pool->asidefd, aside, 0))
		return -errno;
	return pool_install(l->pool, aside, l->dirfd, l->path);
}

/* Is a variant wanted as the source of a reflink? */
static bool wants_donor(const struct placing *l)
{
	return l->donor < 0 && !l->pool->no_clone && l->st.st_size;
}

/* The variant agrees in all, so may stand in for the file: 1, 0 or -errno.
 * One that agrees in content alone is remembered for a reflink. */
static int try_variant(struct placing *l, int fd, const struct stat *st)
{
	bool free_to_use = !is_used(l->run, st->st_ino);
	int same_meta = 0, r;

	if (st->st_size != l->st.st_size)
		return 0;
	if (free_to_use) {
		same_meta = meta_equal(fd, l->fd);
		if (same_meta < 0)
			return same_meta;
	}
	if (!same_meta && !wants_donor(l))
		return 0;
	r = files_equal(l->run, fd, l->fd);
	if (r <= 0)
		return r;
	if (wants_donor(l)) {
		l->donor = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (l->donor < 0)
			return -errno;
	}
	return same_meta;
}

static int make_parent(struct pool *p, const char *name)
{
	char dir[] = { name[0], name[1], '\0' };

	return mkdirat(p->fd, dir, 0700) && errno != EEXIST ? -errno : 0;
}

/* The file at `path` becomes the variant `name`: -EEXIST when another build
 * was faster. */
static int publish(struct placing *l, const char *name)
{
	int r;

	if (!linkat(l->dirfd, l->path, l->pool->fd, name, 0))
		return 0;
	if (errno != ENOENT)
		return -errno;
	r = make_parent(l->pool, name);
	if (r)
		return r;
	return linkat(l->dirfd, l->path, l->pool->fd, name, 0) ? -errno : 0;
}

static bool cannot_clone(int e)
{
	return e == EOPNOTSUPP || e == ENOTTY || e == EXDEV || e == EINVAL ||
	       e == ENOSYS;
}

/*
 * Replaces the file by a reflink of the donor with the file's metadata: 1, 0
 * where that is not to be had, or -errno.  The file's own data, most likely,
 * never reached the disk.
 */
static int reflink(struct placing *l)
{
	_cleanup_fd int fd = -1;
	struct pool *p = l->pool;
	char aside[POOL_ASIDE_MAX];
	int r = 0;

	if (l->donor < 0 || p->no_clone)
		return 0;
	pool_aside(p, aside);
	fd = openat(p->asidefd, aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, FICLONE, l->donor)) {
		r = -errno;
		p->no_clone = cannot_clone(errno);
	} else {
		r = meta_copy(l->fd, fd);
	}
	if (r) {
		int left = unlinkat(p->asidefd, aside, 0) ? -errno : 0;

		return p->no_clone ? left : r;
	}
	r = pool_install(p, aside, l->dirfd, l->path);
	return r ? r : 1;
}

/* No variant can stand in: the file, or a reflink, becomes the next one.
 * Returns enum pool_placed, -EEXIST or -errno. */
static int place_new(struct placing *l, const char *name)
{
	struct stat st;
	int r = l->cloned ? 0 : reflink(l);

	if (r < 0)
		return r;
	/* Also if another build takes the number, and there is a next try. */
	l->cloned |= r > 0;
	r = publish(l, name);
	if (r)
		return r;
	if (fstatat(l->dirfd, l->path, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	l->run->placed = l->variant;
	r = add_used(l->run, st.st_ino);
	if (!r)
		r = note_key(l->run, l->variant, KEY_USED);
	if (r)
		return r;
	return l->cloned ? POOL_CLONED : POOL_NEW;
}

/* Opens the file, when there is something to compare it with. */
static int open_file(struct placing *l)
{
	if (l->fd >= 0)
		return 0;
	l->fd = openat(l->dirfd, l->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return l->fd < 0 || fstat(l->fd, &l->st) ? -errno : 0;
}

/* Goes past the variants that are known not to do. */
static int skip_known(struct placing *l)
{
	struct pool_run *p = l->run;
	uint64_t key;
	int r;

	if (l->variant >= p->nkeys)
		return 0;
	r = open_file(l);
	if (r)
		return r;
	if (wants_donor(l))
		return 0;
	key = meta_key(&l->st);
	/* A million of one kind in one template: not all for each. */
	while (p->nleading < p->nkeys && p->keys[p->nleading] == KEY_USED)
		p->nleading++;
	if (l->variant < p->nleading)
		l->variant = (unsigned int)p->nleading;
	while (l->variant < p->nkeys && p->keys[l->variant] != key)
		l->variant++;
	return 0;
}

/* One variant: enum pool_placed, or -EAGAIN to look at the next number, or
 * -errno. */
static int step(struct placing *l)
{
	char name[POOL_NAME_MAX];
	_cleanup_fd int fd = -1;
	struct stat st;
	int r = skip_known(l);

	if (r)
		return r;
	pool_name(name, l->sha1, l->variant);
	if (!l->variant && !l->run->nkeys) {
		/* Most files are new: the first thing to try. */
		r = place_new(l, name);
		if (r != -EEXIST)
			return r;
		r = open_file(l);
		if (r)
			return r;
	}
	fd = openat(l->pool->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		r = place_new(l, name);
		/* Lost a race: the same number is to be looked at again. */
		return r == -EEXIST ? -EAGAIN : r;
	}
	if (fd < 0 || fstat(fd, &st))
		return -errno;
	r = note_key(l->run, l->variant,
		     is_used(l->run, st.st_ino) ? KEY_USED : meta_key(&st));
	if (r)
		return r;
	l->variant++;
	r = try_variant(l, fd, &st);
	if (r <= 0)
		return r ? r : -EAGAIN;
	l->run->placed = l->variant - 1;
	r = share(l, name, fd, st.st_nlink);
	if (r == -EMLINK)
		return -EAGAIN;
	if (!r)
		r = add_used(l->run, st.st_ino);
	if (!r)
		r = note_key(l->run, l->variant - 1, KEY_USED);
	return r ? r : POOL_SHARED;
}

int pool_place(struct pool_run *run, int dirfd, const char *path,
	       const struct sha1 *sha1, unsigned int names)
{
	struct placing l = { .pool = run->pool, .run = run, .dirfd = dirfd,
			     .path = path, .sha1 = sha1, .names = names,
			     .fd = -1, .donor = -1 };
	int r;

	if (memcmp(&run->sha1, sha1, sizeof(*sha1))) {
		run->sha1 = *sha1;
		run->nused = 0;
		run->nkeys = 0;
		run->nleading = 0;
	}
	do {
		r = step(&l);
	} while (r == -EAGAIN);
	if (l.fd >= 0)
		close(l.fd);
	if (l.donor >= 0)
		close(l.donor);
	return r;
}

unsigned int pool_placed_at(const struct pool_run *run)
{
	return run->placed;
}

int pool_relink(struct pool_run *run, int dirfd, const char *first,
		const char *path)
{
	char aside[POOL_ASIDE_MAX];

	pool_aside(run->pool, aside);
	if (linkat(dirfd, first, run->pool->asidefd, aside, 0))
		return -errno;
	return pool_install(run->pool, aside, dirfd, path);
}
