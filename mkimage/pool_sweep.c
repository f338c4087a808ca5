// SPDX-License-Identifier: Apache-2.0
/*
 * Removing from the pool.  A variant that is freed is overwritten by a rename
 * of the last one, so that the numbers never have a gap, not even when the
 * program is killed between two steps.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "mkimage/pool.h"
#include "mkimage/pool_name.h"

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
