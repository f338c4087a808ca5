/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/carry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "fs/fault.h"
#include "fs/marks.h"

/* XATTR_SIZE_MAX of the kernel. */
#define VALUE_MAX 65536

static int carry_one(const struct place *from, const char *attr, char *buf,
		     int to_fd)
{
	ssize_t n = fileio_getxattr(from->dirfd, from->name, attr, buf,
				    VALUE_MAX);

	if (n < 0)
		return (int)n;
	return fileio_setxattr(to_fd, NULL, attr, buf, (size_t)n, 0);
}

int carry_xattrs(const struct fs *fs, const struct place *from, bool foreign,
		 int to_fd)
{
	_cleanup_bytes struct bytes names = BYTES_INIT;
	_cleanup_free char *buf = NULL;
	int r = fileio_listxattr(from->dirfd, from->name, &names);

	if (r == -EOPNOTSUPP)
		return 0;
	for (size_t i = 0; !r && i < names.len;
	     i += strlen(names.data + i) + 1) {
		if (!marks_carried(fs, names.data + i, foreign))
			continue;
		if (!buf && !(buf = malloc(VALUE_MAX)))
			return -ENOMEM;
		r = FAULT_STEP("xattr", carry_one(from, names.data + i, buf,
						  to_fd));
	}
	return r;
}

int carry_all(const struct place *from, bool foreign, const struct stat *st,
	      struct staged *to)
{
	int r = FAULT_STEP("attr", stage_set_attr(to, st->st_uid, st->st_gid,
						  st->st_mode));

	/* Capabilities after the owner, which chown(2) would clear; times
	 * after all that could move them. */
	if (!r)
		r = carry_xattrs(to->fs, from, foreign, to->fd);
	if (!r)
		r = FAULT_STEP("times", stage_set_times(to, st));
	return r;
}
