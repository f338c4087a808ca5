/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/acl.h"

#include <endian.h>
#include <errno.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdint.h>
#include <string.h>

/* Masks one entry with three bits of the mode, and those bits with it. */
static void mask_entry(struct posix_acl_xattr_entry *e, mode_t *mode,
		       unsigned shift)
{
	uint16_t perm = le16toh(e->e_perm) & (uint16_t)((*mode >> shift) & 7);

	e->e_perm = htole16(perm);
	*mode &= ~(mode_t)(7U << shift) | ((mode_t)perm << shift);
}

static int mask_all(struct posix_acl_xattr_entry *e, size_t n, mode_t *mode,
		    bool *ret_extended)
{
	struct posix_acl_xattr_entry *group = NULL, *mask = NULL;
	bool user = false, other = false;

	*ret_extended = false;
	for (size_t i = 0; i < n; i++) {
		switch (le16toh(e[i].e_tag)) {
		case ACL_USER_OBJ:
			mask_entry(&e[i], mode, 6);
			user = true;
			break;
		case ACL_OTHER:
			mask_entry(&e[i], mode, 0);
			other = true;
			break;
		case ACL_GROUP_OBJ:
			group = &e[i];
			break;
		case ACL_MASK:
			mask = &e[i];
			*ret_extended = true;
			break;
		case ACL_USER:
		case ACL_GROUP:
			*ret_extended = true;
			break;
		default:
			return -EINVAL;
		}
	}
	if (!user || !other || !group)
		return -EINVAL;
	mask_entry(mask ? mask : group, mode, 3);
	return 0;
}

int acl_inherit(const void *dflt, size_t len, mode_t *mode,
		struct bytes *ret_access)
{
	struct bytes copy = BYTES_INIT;
	struct posix_acl_xattr_header *h;
	mode_t m = *mode;
	bool extended;
	size_t n;
	int r;

	if (len < sizeof(*h) ||
	    (len - sizeof(*h)) % sizeof(struct posix_acl_xattr_entry))
		return -EINVAL;
	n = (len - sizeof(*h)) / sizeof(struct posix_acl_xattr_entry);
	r = bytes_add(&copy, dflt, len);
	if (r)
		return r;
	h = (struct posix_acl_xattr_header *)copy.data;
	if (le32toh(h->a_version) != POSIX_ACL_XATTR_VERSION)
		r = -EINVAL;
	else
		r = mask_all((struct posix_acl_xattr_entry *)(h + 1), n, &m,
			     &extended);
	if (r || !extended) {
		bytes_release(&copy);
		if (!r)
			*mode = m;
		return r;
	}
	*mode = m;
	*ret_access = copy;
	return 0;
}
