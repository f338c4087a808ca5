// SPDX-License-Identifier: Apache-2.0
/*
 * Removing from the pool.  A variant that is freed is overwritten by a rename
 * of the last one, so that the numbers never have a gap, not even when the
 * program is killed between two steps.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "mkimage/pool.h"
#include "mkimage/pool_name.h"
#include "mkimage/stop.h"

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct sha1));
}

/* How many variants there are, or -errno. */
static int count_variants(int poolfd, const struct sha1 *sha1)
{
	char name[POOL_NAME_MAX];
	struct stat st;
	int n = 0;

	for (;; n++) {
		pool_name(name, sha1, (unsigned int)n);
		if (fstatat(poolfd, name, &st, AT_SYMLINK_NOFOLLOW))
			return errno == ENOENT ? n : -errno;
	}
}

static int sweep_one(int poolfd, const struct sha1 *sha1,
		     unsigned long long *freed)
{
	char name[POOL_NAME_MAX], last[POOL_NAME_MAX];
	int n = count_variants(poolfd, sha1);
	struct stat st;

	if (n < 0)
		return n;
	/* Downwards, so that what moves into a gap was looked at already. */
	for (int i = n - 1; i >= 0; i--) {
		pool_name(name, sha1, (unsigned int)i);
		if (fstatat(poolfd, name, &st, AT_SYMLINK_NOFOLLOW))
			return -errno;
		if (st.st_nlink > 1)
			continue;
		pool_name(last, sha1, (unsigned int)--n);
		if (i == n ? unlinkat(poolfd, name, 0)
			   : renameat(poolfd, last, poolfd, name))
			return -errno;
		*freed += (unsigned long long)st.st_blocks * 512;
	}
	return 0;
}

int pool_sweep(int storefd, struct sha1 *digests, size_t n,
	       unsigned long long *ret_bytes)
{
	_cleanup_fd int fd = openat(storefd, POOL_DIR,
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned long long freed = 0;
	int r = 0;

	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX))
		if (errno != EINTR)
			return -errno;
	if (n)
		qsort(digests, n, sizeof(*digests), compare);
	for (size_t i = 0; i < n && !r; i++)
		if (!i || compare(&digests[i - 1], &digests[i]))
			r = sweep_one(fd, &digests[i], &freed);
	if (!r)
		*ret_bytes = freed;
	return r;
}

struct sweep {
	int poolfd;
	bool keep;
	void (*fn)(void *arg, const char *path);
	void *arg;
	struct pool_unused unused;
	struct sha1 *at; /* with variants that nothing links to */
	size_t n, size;
};

static int note(struct sweep *s, const struct sha1 *sha1)
{
	if (s->n == s->size) {
		size_t size = s->size ? 2 * s->size : 256;
		struct sha1 *grown = reallocarray(s->at, size, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		s->at = grown;
		s->size = size;
	}
	s->at[s->n++] = *sha1;
	return 0;
}

static int look_at(struct sweep *s, const char *path)
{
	struct pool_variant v;
	struct stat st;

	if (pool_name_parse(path, &v)) {
		s->fn(s->arg, path);
		return 0;
	}
	if (fstatat(s->poolfd, path, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (!S_ISREG(st.st_mode)) {
		s->fn(s->arg, path);
		return 0;
	}
	if (st.st_nlink > 1)
		return 0;
	s->unused.files++;
	s->unused.bytes += (unsigned long long)st.st_blocks * 512;
	return note(s, &v.sha1);
}

static int look_through(struct sweep *s, const char *name)
{
	char path[3 + NAME_MAX + 1];
	_cleanup_dir DIR *dir = NULL;
	struct dirent *d;
	int r = fileio_opendir(s->poolfd, name, &dir);

	while (!r && (errno = 0, d = readdir(dir))) {
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		snprintf(path, sizeof(path), "%.2s/%s", name, d->d_name);
		r = look_at(s, path);
	}
	return r ? r : -errno;
}

/* With the lock held, no build is between looking at the pool and linking. */
static int sweep_dir(struct sweep *s, const char *name)
{
	unsigned long long freed = 0; /* unused.bytes has it */
	int r;

	s->n = 0;
	r = look_through(s, name);
	if (r || s->keep)
		return r;
	if (s->n)
		qsort(s->at, s->n, sizeof(*s->at), compare);
	for (size_t i = 0; i < s->n && !r; i++)
		if (!i || compare(&s->at[i - 1], &s->at[i]))
			r = sweep_one(s->poolfd, &s->at[i], &freed);
	if (!r && unlinkat(s->poolfd, name, AT_REMOVEDIR) &&
	    errno != ENOTEMPTY && errno != EEXIST)
		r = -errno;
	return r;
}

static int sweep_locked(struct sweep *s, const char *name)
{
	int r;

	while (flock(s->poolfd, s->keep ? LOCK_SH : LOCK_EX))
		if (errno != EINTR || stop_requested())
			return -errno;
	r = sweep_dir(s, name);
	if (flock(s->poolfd, LOCK_UN) && !r)
		r = -errno;
	return r;
}

static bool is_pool_dir(const char *name)
{
	return strlen(name) == 2 && strspn(name, "0123456789abcdef") == 2;
}

static int sweep_all(struct sweep *s)
{
	/* Who waits for the lock is woken when it is given back, and needs a
	 * moment to take it. */
	const struct timespec pause = { 0, 1000 * 1000 };
	_cleanup_dir DIR *dir = NULL;
	struct dirent *d;
	int r = fileio_opendir(s->poolfd, ".", &dir);

	while (!r && (errno = 0, d = readdir(dir))) {
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		if (!is_pool_dir(d->d_name)) {
			s->fn(s->arg, d->d_name);
			continue;
		}
		r = stop_requested();
		if (!r)
			r = sweep_locked(s, d->d_name);
		if (r == -ENOTDIR) {
			s->fn(s->arg, d->d_name);
			r = 0;
		}
		/* Another gc was faster. */
		if (r == -ENOENT)
			r = 0;
		nanosleep(&pause, NULL);
	}
	return r ? r : -errno;
}

int pool_sweep_all(int storefd, bool keep, void (*fn)(void *arg, const char *),
		   void *arg, struct pool_unused *ret)
{
	_cleanup_fd int fd = openat(storefd, POOL_DIR,
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct sweep s = { .poolfd = fd, .keep = keep, .fn = fn, .arg = arg };
	int r = fd < 0 ? -errno : sweep_all(&s);

	free(s.at);
	*ret = s.unused;
	return r;
}
