/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inheritance of default ACLs, which a file system does for objects that are
 * made in a directory and the work directory cannot do.  Works on the values
 * of the attributes (linux/posix_acl_xattr.h), with ids left as they are.
 *
 * Thread safety: no state.  Errors: negative errno; -EINVAL for a damaged ACL.
 */
#ifndef STENCIL_FS_ACL_H
#define STENCIL_FS_ACL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/bytes.h"

#define ACL_ACCESS "system.posix_acl_access"
#define ACL_DEFAULT "system.posix_acl_default"

/*
 * From a directory's default ACL and the mode asked for: the mode to give, and
 * the access ACL in ret_access (left empty if the mode says all).  The
 * algorithm is POSIX.1e draft 17, 23.1.4.
 */
int acl_inherit(const void *dflt, size_t len, mode_t *mode,
		struct bytes *ret_access);

#endif
