/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/caps.h"

#include <errno.h>
#include <sys/xattr.h>

int caps_save(int fd, struct caps_saved *ret)
{
	ret->len = fgetxattr(fd, CAPS_NAME, ret->value, sizeof(ret->value));
	if (ret->len < 0 && errno != ENODATA && errno != EOPNOTSUPP)
		return -errno;
	return 0;
}

int caps_restore(int fd, const struct caps_saved *saved)
{
	if (saved->len < 0)
		return 0;
	return fsetxattr(fd, CAPS_NAME, saved->value, (size_t)saved->len, 0) ?
		       -errno :
		       0;
}
