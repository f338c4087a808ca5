// SPDX-License-Identifier: Apache-2.0
#include "mkimage/export_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#define TRIES 100

struct export_file {
	int dirfd, fd;
	mode_t mode;
	char aside[40];
};

int export_file_new(struct export_file **ret, int dirfd, mode_t mode)
{
	struct export_file *f = calloc(1, sizeof(*f));
	int r = -EEXIST;

	if (!f)
		return -ENOMEM;
	f->dirfd = dirfd;
	f->mode = mode;
	for (int i = 0; i < TRIES && r == -EEXIST; i++) {
		uint64_t number;

		if (getrandom(&number, sizeof(number), 0) !=
		    (ssize_t)sizeof(number)) {
			r = -errno;
			break;
		}
		snprintf(f->aside, sizeof(f->aside), ".tmp-%016llx",
			 (unsigned long long)number);
		/* Nobody else's to read before it has its mode. */
		f->fd = openat(dirfd, f->aside,
			       O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		r = f->fd < 0 ? -errno : 0;
	}
	if (r) {
		free(f);
		return r;
	}
	*ret = f;
	return 0;
}

void export_file_free(struct export_file *f)
{
	if (!f)
		return;
	/* There is nobody to tell that it stays. */
	if (f->aside[0])
		(void)unlinkat(f->dirfd, f->aside, 0);
	close(f->fd);
	free(f);
}

int export_file_fd(const struct export_file *f)
{
	return f->fd;
}

int export_file_commit(struct export_file *f, const char *name)
{
	if (fchmod(f->fd, f->mode) || fsync(f->fd) ||
	    renameat(f->dirfd, f->aside, f->dirfd, name))
		return -errno;
	f->aside[0] = '\0';
	return fsync(f->dirfd) ? -errno : 0;
}
