// SPDX-License-Identifier: Apache-2.0
/*
 * Verifying the pool.  Some directories at a time, with the pool's lock held
 * shared meanwhile: variants are renumbered by removals, which must not look
 * like damage, and must not wait for the whole either.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "base/layer_format.h"
#include "mkimage/check.h"
#include "mkimage/meta.h"
#include "mkimage/pool_name.h"

#define ATTR STENCIL_NS_TRUSTED STENCIL_SHA1

struct variants {
	struct pool_variant *at;
	size_t n, size;
};

static int add(struct variants *v, const struct pool_variant *variant)
{
	if (v->n == v->size) {
		size_t size = v->size ? 2 * v->size : 1024;
		struct pool_variant *grown = reallocarray(v->at, size,
							  sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		v->at = grown;
		v->size = size;
	}
	v->at[v->n++] = *variant;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct pool_variant *x = a, *y = b;
	int c = memcmp(&x->sha1, &y->sha1, sizeof(x->sha1));

	if (c)
		return c;
	return x->number < y->number ? -1 : x->number > y->number;
}

static int check_name(struct check *c, int fd, const char *dir,
		      const char *name, struct variants *list)
{
	struct pool_variant v;
	char path[PATH_MAX];
	struct stat st;
	int r;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	r = pool_name_parse(path, &v);
	if (r || fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) ||
	    !S_ISREG(st.st_mode)) {
		findings_add(&c->findings, path, 0, "is no file of the pool");
		return 0;
	}
	v.ino = st.st_ino;
	return add(list, &v);
}

/* To count up from 0 until ENOENT must find all. */
static void check_numbers(struct check *c, const struct variants *list)
{
	char path[POOL_NAME_MAX];
	unsigned int next = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct pool_variant *v = &list->at[i];

		if (i && memcmp(&v[-1].sha1, &v->sha1, sizeof(v->sha1)))
			next = 0;
		for (; next < v->number; next++) {
			pool_name(path, &v->sha1, next);
			findings_add(&c->findings, path, 0,
				     "is missing: a gap in the variants");
		}
		next = v->number + 1;
	}
}

static int add_job(struct check *c, int fd, const struct pool_variant *v)
{
	char path[POOL_NAME_MAX];
	struct rehash_job *job;
	struct sha1 sha1;
	int r;

	pool_name(path, &v->sha1, v->number);
	r = meta_get_sha1(fd, path + 3, &sha1);
	if (r)
		findings_add(&c->findings, path, r, "attribute " ATTR);
	else if (memcmp(&sha1, &v->sha1, sizeof(sha1)))
		findings_add(&c->findings, path, 0,
			     "attribute " ATTR " has another value");
	r = rehash_add(&c->batch, path, v->ino, &job);
	if (!r)
		job->want.sha1 = v->sha1;
	return r;
}

static int check_dir(struct check *c, int poolfd, const char *name)
{
	struct variants list = { NULL, 0, 0 };
	_cleanup_dir DIR *dir = NULL;
	struct dirent *d;
	int r = fileio_opendir(poolfd, name, &dir);

	if (r) {
		findings_add(&c->findings, name, r, "cannot be read");
		return 0;
	}
	while (!r && (errno = 0, d = readdir(dir)))
		if (strcmp(d->d_name, ".") && strcmp(d->d_name, ".."))
			r = check_name(c, dirfd(dir), name, d->d_name, &list);
	if (!r && errno)
		findings_add(&c->findings, name, -errno, "cannot be read");
	if (list.n)
		qsort(list.at, list.n, sizeof(*list.at), compare);
	check_numbers(c, &list);
	for (size_t i = 0; i < list.n && !r; i++)
		r = add_job(c, dirfd(dir), &list.at[i]);
	free(list.at);
	return r;
}

static bool is_pool_dir(const char *name)
{
	return strlen(name) == 2 && strspn(name, "0123456789abcdef") == 2;
}

static int find_foreign(struct check *c, int poolfd)
{
	_cleanup_dir DIR *dir = NULL;
	struct dirent *d;
	int r = fileio_opendir(poolfd, ".", &dir);

	while (!r && (errno = 0, d = readdir(dir)))
		if (strcmp(d->d_name, ".") && strcmp(d->d_name, "..") &&
		    !is_pool_dir(d->d_name))
			findings_add(&c->findings, d->d_name, 0,
				     "is no directory of the pool");
	return r ? r : -errno;
}

/* From directory *at on, until there is enough to do. */
static int check_some(struct check *c, int poolfd, unsigned int *at)
{
	char name[12];
	int r = 0;

	while (flock(poolfd, LOCK_SH))
		if (errno != EINTR)
			return -errno;
	for (; !r && *at < 256 && c->batch.n < REHASH_BATCH; ++*at) {
		snprintf(name, sizeof(name), "%02x", *at);
		if (!faccessat(poolfd, name, F_OK, AT_SYMLINK_NOFOLLOW))
			r = check_dir(c, poolfd, name);
	}
	if (!r)
		r = check_contents(c, poolfd, "");
	(void)flock(poolfd, LOCK_UN); /* closing unlocks too */
	return r;
}

int check_pool(struct check *c, int storefd)
{
	_cleanup_fd int fd = openat(storefd, POOL_DIR,
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned int at = 0;
	int r = fd < 0 ? -errno : find_foreign(c, fd);

	if (r) {
		findings_add(&c->findings, ".", r, "cannot be read");
		return 0;
	}
	while (!r && at < 256)
		r = check_some(c, fd, &at);
	return r;
}
