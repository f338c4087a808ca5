/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POSIX ACLs as the kernel keeps them in system.posix_acl_access and _default:
 * a little-endian version 2, then entries of tag, permissions and id, in the
 * order of their tags (include/uapi/linux/posix_acl_xattr.h).  The same ACL
 * gives the same bytes, so that a template's version does not depend on who
 * wrote it down.
 *
 * Thread safety: no state.  Ownership: acl_release() frees the entries.
 * Errors: negative errno.
 */
#ifndef STENCIL_MKIMAGE_ACL_H
#define STENCIL_MKIMAGE_ACL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/types.h>

#include "base/bytes.h"

#define ACL_ACCESS_NAME "system.posix_acl_access"
#define ACL_DEFAULT_NAME "system.posix_acl_default"
#define ACL_NO_ID UINT32_MAX

/* The kernel's tags. */
enum acl_tag {
	ACL_TAG_USER_OBJ = 0x01,
	ACL_TAG_USER = 0x02,
	ACL_TAG_GROUP_OBJ = 0x04,
	ACL_TAG_GROUP = 0x08,
	ACL_TAG_MASK = 0x10,
	ACL_TAG_OTHER = 0x20,
};

struct acl_entry {
	uint16_t tag;
	uint16_t perm; /* 4 read, 2 write, 1 execute */
	uint32_t id;   /* ACL_NO_ID but for users and groups */
};

struct acl {
	struct acl_entry *entries;
	size_t n;
};

void acl_release(struct acl *a);
int acl_add(struct acl *a, uint16_t tag, uint16_t perm, uint32_t id);

/* Says no more than the mode bits do. */
bool acl_is_minimal(const struct acl *a);

/* Sorts the entries; appends the attribute's value. */
int acl_format(struct acl *a, struct bytes *out);

/* XFS lists its own form of an ACL beside the ACL: the name of such an
 * attribute, which is no part of what a file is. */
bool acl_is_shadow(const char *name);

/* `mode` with the permissions that a file has once the access ACL `value` is
 * set on it. */
mode_t acl_mode(const void *value, size_t len, mode_t mode);

#endif
