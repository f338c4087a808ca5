// SPDX-License-Identifier: Apache-2.0
/*
 * An inode's links are its names in this tree, which the manifest counts, one
 * in the pool, and those in other templates.
 */
#include "mkimage/footprint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/manifest.h"
#include "base/store.h"

static int add_file(int rootfd, const struct manifest_entry *e,
		    struct footprint *f)
{
	struct stat st;

	if (fstatat(rootfd, e->path + 1, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT || errno == ENOTDIR ? -ESTALE : -errno;
	if (!S_ISREG(st.st_mode))
		return -ESTALE;
	if (st.st_nlink > e->nlink + 1) {
		f->shared += e->size;
	} else {
		f->own += e->size;
		f->frees += (uint64_t)st.st_blocks * 512;
	}
	return 0;
}

static int add_all(int rootfd, struct manifest_reader *reader,
		   struct footprint *f)
{
	struct manifest_entry e;
	int r;

	while ((r = manifest_reader_next(reader, &e)) > 0) {
		/* A further name of an inode is no further inode. */
		r = S_ISREG(e.mode) && !e.hardlink ? add_file(rootfd, &e, f)
						   : 0;
		manifest_entry_release(&e);
		if (r)
			return r;
	}
	return r;
}

/* Opened below the version's directory. */
static int open_part(int storefd, const char *path, const char *part)
{
	_cleanup_free char *full = NULL;
	int fd;

	if (asprintf(&full, "%s/%s", path, part) < 0) {
		full = NULL;
		return -ENOMEM;
	}
	fd = openat(storefd, full, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int footprint_get(int storefd, const char *name, const char *version,
		  struct footprint *ret)
{
	_cleanup_free char *path = template_path(name, version);
	_cleanup_fd int rootfd = path ? open_part(storefd, path, "root")
				      : -ENOMEM;
	_cleanup_fd int fd = rootfd < 0 ? rootfd
					: open_part(storefd, path, "manifest");
	_cleanup_file FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	struct manifest_reader *reader;
	struct footprint sum = { 0, 0, 0 };
	int r;

	if (!f)
		return fd < 0 ? fd : -errno;
	take_fd(&fd);
	r = manifest_reader_new(&reader, f);
	if (r)
		return r;
	r = add_all(rootfd, reader, &sum);
	manifest_reader_free(reader);
	if (!r)
		*ret = sum;
	return r;
}
