/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/acl.h"

#include "tests/unit/unit.h"

#include <endian.h>
#include <errno.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>

#define NO_ID 0xffffffffU

struct acl {
	struct posix_acl_xattr_header head;
	struct posix_acl_xattr_entry e[8];
};

static struct posix_acl_xattr_entry entry(unsigned tag, unsigned perm,
					  unsigned id)
{
	return (struct posix_acl_xattr_entry){ htole16((uint16_t)tag),
					       htole16((uint16_t)perm),
					       htole32(id) };
}

static size_t size_of(size_t entries)
{
	return sizeof(struct posix_acl_xattr_header) +
	       entries * sizeof(struct posix_acl_xattr_entry);
}

static struct acl minimal(unsigned user, unsigned group, unsigned other)
{
	return (struct acl){
		{ htole32(POSIX_ACL_XATTR_VERSION) },
		{ entry(ACL_USER_OBJ, user, NO_ID),
		  entry(ACL_GROUP_OBJ, group, NO_ID),
		  entry(ACL_OTHER, other, NO_ID) },
	};
}

static struct acl extended(void)
{
	return (struct acl){
		{ htole32(POSIX_ACL_XATTR_VERSION) },
		{ entry(ACL_USER_OBJ, 7, NO_ID), entry(ACL_USER, 6, 1000),
		  entry(ACL_GROUP_OBJ, 5, NO_ID), entry(ACL_MASK, 7, NO_ID),
		  entry(ACL_OTHER, 4, NO_ID) },
	};
}

/* Three entries say no more than a mode: it is masked, no ACL is set. */
static void test_minimal(void **state)
{
	struct acl a = minimal(7, 5, 0);
	struct bytes access = BYTES_INIT;
	mode_t mode = 0666;

	assert_int_equal(acl_inherit(&a, size_of(3), &mode, &access), 0);
	assert_int_equal(mode, 0640);
	assert_int_equal(access.len, 0);
}

/* With a mask the group bits of the mode are the mask's. */
static void test_extended(void **state)
{
	struct acl a = extended(), *out;
	struct bytes access = BYTES_INIT;
	mode_t mode = 0640;

	assert_int_equal(acl_inherit(&a, size_of(5), &mode, &access), 0);
	assert_int_equal(mode, 0640);
	assert_int_equal(access.len, size_of(5));
	out = (struct acl *)access.data;
	assert_int_equal(le16toh(out->e[0].e_perm), 6); /* user */
	assert_int_equal(le16toh(out->e[1].e_perm), 6); /* named: untouched */
	assert_int_equal(le16toh(out->e[2].e_perm), 5); /* group: untouched */
	assert_int_equal(le16toh(out->e[3].e_perm), 4); /* mask */
	assert_int_equal(le16toh(out->e[4].e_perm), 0); /* other */
	bytes_release(&access);
}

static void test_keeps_special_bits(void **state)
{
	struct acl a = minimal(7, 7, 7);
	struct bytes access = BYTES_INIT;
	mode_t mode = 02775;

	assert_int_equal(acl_inherit(&a, size_of(3), &mode, &access), 0);
	assert_int_equal(mode, 02775);
}

static void test_damaged(void **state)
{
	struct acl a = extended();
	struct bytes access = BYTES_INIT;
	mode_t mode = 0666;

	assert_int_equal(acl_inherit(&a, 3, &mode, &access), -EINVAL);
	assert_int_equal(acl_inherit(&a, size_of(5) - 1, &mode, &access),
			 -EINVAL);
	assert_int_equal(acl_inherit(&a, size_of(2), &mode, &access), -EINVAL);
	a.e[1].e_tag = htole16(0x77);
	assert_int_equal(acl_inherit(&a, size_of(5), &mode, &access), -EINVAL);
	a = extended();
	a.head.a_version = 0;
	assert_int_equal(acl_inherit(&a, size_of(5), &mode, &access), -EINVAL);
	assert_int_equal(mode, 0666);
	assert_null(access.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_minimal),
		cmocka_unit_test(test_extended),
		cmocka_unit_test(test_keeps_special_bits),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
