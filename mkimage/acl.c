// SPDX-License-Identifier: Apache-2.0
#include "mkimage/acl.h"

#include <endian.h>
#include <errno.h>
#include <linux/posix_acl_xattr.h>
#include <stdlib.h>
#include <string.h>

void acl_release(struct acl *a)
{
	free(a->entries);
	a->entries = NULL;
	a->n = 0;
}

int acl_add(struct acl *a, uint16_t tag, uint16_t perm, uint32_t id)
{
	struct acl_entry *grown;

	grown = reallocarray(a->entries, a->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	a->entries = grown;
	grown[a->n++] = (struct acl_entry){ tag, perm, id };
	return 0;
}

bool acl_is_minimal(const struct acl *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->entries[i].tag & (ACL_TAG_USER | ACL_TAG_GROUP |
					 ACL_TAG_MASK))
			return false;
	return true;
}

static int compare(const void *x, const void *y)
{
	const struct acl_entry *a = x, *b = y;

	if (a->tag != b->tag)
		return a->tag < b->tag ? -1 : 1;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return 0;
}

int acl_format(struct acl *a, struct bytes *out)
{
	struct posix_acl_xattr_header header = {
		.a_version = htole32(POSIX_ACL_XATTR_VERSION),
	};
	int r;

	if (a->n)
		qsort(a->entries, a->n, sizeof(*a->entries), compare);
	r = bytes_add(out, &header, sizeof(header));
	for (size_t i = 0; i < a->n && !r; i++) {
		struct posix_acl_xattr_entry e = {
			.e_tag = htole16(a->entries[i].tag),
			.e_perm = htole16(a->entries[i].perm),
			.e_id = htole32(a->entries[i].id),
		};

		r = bytes_add(out, &e, sizeof(e));
	}
	return r;
}

bool acl_is_shadow(const char *name)
{
	return !strcmp(name, "trusted.SGI_ACL_FILE") ||
	       !strcmp(name, "trusted.SGI_ACL_DEFAULT");
}

static mode_t set_bits(mode_t mode, unsigned int shift, uint16_t perm)
{
	return (mode & ~(7u << shift)) | ((perm & 7u) << shift);
}

mode_t acl_mode(const void *value, size_t len, mode_t mode)
{
	const char *p = (const char *)value +
			sizeof(struct posix_acl_xattr_header);
	const char *end = (const char *)value + len;
	struct posix_acl_xattr_entry e;

	if (len < sizeof(struct posix_acl_xattr_header))
		return mode;
	/* In the order of tags: a mask comes after the group and wins. */
	for (; end - p >= (ptrdiff_t)sizeof(e); p += sizeof(e)) {
		memcpy(&e, p, sizeof(e));
		switch (le16toh(e.e_tag)) {
		case ACL_TAG_USER_OBJ:
			mode = set_bits(mode, 6, le16toh(e.e_perm));
			break;
		case ACL_TAG_GROUP_OBJ:
		case ACL_TAG_MASK:
			mode = set_bits(mode, 3, le16toh(e.e_perm));
			break;
		case ACL_TAG_OTHER:
			mode = set_bits(mode, 0, le16toh(e.e_perm));
			break;
		}
	}
	return mode;
}
