// SPDX-License-Identifier: Apache-2.0
#include "mkimage/discard.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/fileio.h"
#include "mkimage/inodes.h"
#include "mkimage/meta.h"
#include "mkimage/pool.h"

#define LIST "digests" /* of the files in root/, 20 bytes each */

struct digests {
	struct sha1 *at;
	size_t n, size;
};

static int add(struct digests *d, const struct sha1 *sha1)
{
	if (d->n == d->size) {
		size_t size = d->size ? 2 * d->size : 1024;
		struct sha1 *grown = reallocarray(d->at, size, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		d->at = grown;
		d->size = size;
	}
	d->at[d->n++] = *sha1;
	return 0;
}

/* A file that a killed build had not finished has no digest, and is not in
 * the pool. */
static int collect_file(struct digests *d, int dirfd, const char *name)
{
	struct sha1 sha1;
	int r = meta_get_sha1(dirfd, name, &sha1);

	if (r == -ENODATA || r == -EBADMSG || r == -EOPNOTSUPP)
		return 0;
	return r ? r : add(d, &sha1);
}

static int collect(struct digests *d, int dirfd, const char *name);

static int collect_entry(struct digests *d, int dirfd,
			 const struct dirent *entry)
{
	unsigned char type = entry->d_type;
	struct stat st;

	if (fileio_is_dots(entry->d_name))
		return 0;
	if (type == DT_UNKNOWN) {
		if (fstatat(dirfd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
			return -errno;
		type = S_ISDIR(st.st_mode)   ? DT_DIR
		       : S_ISREG(st.st_mode) ? DT_REG
					     : DT_CHR;
	}
	if (type == DT_DIR)
		return collect(d, dirfd, entry->d_name);
	return type == DT_REG ? collect_file(d, dirfd, entry->d_name) : 0;
}

/* As deep as a template may be: PATH_MAX / 2. */
static int collect(struct digests *d, int above, const char *name)
{
	int fd = openat(above, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (!dir) {
		r = -errno;
		if (fd >= 0)
			close(fd);
		return r;
	}
	while (!r && (errno = 0, entry = readdir(dir)))
		r = collect_entry(d, fd, entry);
	return r ? r : -errno;
}

/* What an earlier discard, that was killed, had found. */
static int read_list(struct digests *d, int dirfd)
{
	_cleanup_bytes struct bytes list = BYTES_INIT;
	int r = fileio_read_file(dirfd, LIST, SIZE_MAX, &list);

	for (size_t i = 0; !r && i + sizeof(struct sha1) <= list.len;
	     i += sizeof(struct sha1))
		r = add(d, (struct sha1 *)(list.data + i));
	return r == -ENOENT ? 0 : r;
}

/*
 * Once files are gone nothing else tells which the pool holds in vain, and the
 * list must outlive this process.  On a full disk it cannot be written, and
 * the disk is to be freed nevertheless.
 */
static int write_list(const struct digests *d, int dirfd)
{
	int r = fileio_write_file(dirfd, LIST, d->at, d->n * sizeof(*d->at),
				  0600);

	return r == -ENOSPC || r == -EDQUOT ? 0 : r;
}

static int remove_all(int storefd, int templatesfd, const char *name,
		      int dirfd, struct digests *d,
		      unsigned long long *ret_bytes)
{
	int r = collect(d, dirfd, "root");

	if (!r || r == -ENOENT) /* killed before it began, or near the end */
		r = read_list(d, dirfd);
	if (!r && d->n)
		r = write_list(d, dirfd);
	if (!r)
		r = fileio_remove_tree(dirfd, "root");
	if (!r || r == -ENOENT)
		r = pool_sweep(storefd, d->at, d->n, ret_bytes);
	return r ? r : fileio_remove_tree(templatesfd, name);
}

int discard_version(int storefd, int templatesfd, const char *name,
		    unsigned long long *ret_bytes)
{
	_cleanup_fd int fd = openat(templatesfd, name,
				    O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
					    O_CLOEXEC);
	struct digests d = { NULL, 0, 0 };
	int r;

	if (fd < 0)
		return -errno;
	r = remove_all(storefd, templatesfd, name, fd, &d, ret_bytes);
	free(d.at);
	return r;
}

struct measure {
	struct inodes seen; /* how often */
	unsigned long long bytes;
};

/*
 * A file of several names is counted when all that this tree can have of them
 * were met: all, or all but the pool's.
 */
static int measure_file(struct measure *m, const struct stat *st)
{
	uint64_t links = st->st_nlink > 2 ? st->st_nlink - 1 : 1;
	uint64_t *seen;
	int r = inodes_get(&m->seen, st->st_ino, &seen);

	if (!r && ++*seen == links)
		m->bytes += (unsigned long long)st->st_blocks * 512;
	return r;
}

static int measure(struct measure *m, int above, const char *name)
{
	_cleanup_dir DIR *dir = NULL;
	struct dirent *d;
	struct stat st;
	int r = fileio_opendir(above, name, &dir);

	while (!r && (errno = 0, d = readdir(dir))) {
		if (fileio_is_dots(d->d_name))
			continue;
		if (fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW))
			return -errno;
		if (S_ISDIR(st.st_mode))
			r = measure(m, dirfd(dir), d->d_name);
		else if (S_ISREG(st.st_mode))
			r = measure_file(m, &st);
	}
	return r ? r : -errno;
}

int discard_measure(int dirfd, unsigned long long *ret_bytes)
{
	struct measure m = { { NULL, 0, 0 }, 0 };
	int r = measure(&m, dirfd, ".");

	inodes_release(&m.seen);
	if (!r)
		*ret_bytes = m.bytes;
	return r;
}
