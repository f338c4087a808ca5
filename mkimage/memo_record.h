/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file in the memo as it lies on disk: struct memo_key leads to a struct
 * memo_record with the attributes behind it (docs/formats.md).
 *
 * Thread safety: no state.  Ownership: the caller's.  Errors: negative errno.
 */
#ifndef STENCIL_MKIMAGE_MEMO_RECORD_H
#define STENCIL_MKIMAGE_MEMO_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "mkimage/memo.h"

#define MEMO_RECORD_VERSION 1

/* Big-endian, so that the order of keys is that of inode numbers and files of
 * one directory are mostly neighbours. */
struct memo_key {
	uint64_t fs, dev, ino;
};

/* All else is little-endian. */
struct memo_record {
	uint64_t check; /* XXH3 of the key, and of all behind this field */
	uint16_t version;
	uint16_t nxattrs;
	uint32_t day; /* since 1970, that a build met the file last */
	uint64_t size;
	int64_t mtime_sec, ctime_sec, btime_sec, place_btime_sec;
	uint32_t mtime_nsec, ctime_nsec, btime_nsec, place_btime_nsec;
	uint64_t place_ino;
	uint8_t sha1[20];
	uint8_t verity[32];
	uint32_t place_variant; /* a hint; 0 in older records */
};

/* In front of each attribute's name (no NUL) and value, not aligned. */
struct memo_xattr {
	uint32_t value_len;
	uint16_t name_len;
	uint8_t reserved[2];
};

_Static_assert(sizeof(struct memo_key) == 24, "on disk");
_Static_assert(sizeof(struct memo_record) == 136, "on disk");
_Static_assert(sizeof(struct memo_xattr) == 8, "on disk");

void memo_record_key(const struct memo_stamp *s, struct memo_key *ret);

/* Appends key and record.  -E2BIG: too many attributes to be worth it. */
int memo_record_add(struct bytes *out, const struct memo_stamp *s,
		    const struct manifest_entry *e, const struct memo_place *p,
		    uint32_t day);

/* The record of the stamp's file: fills in *e and *ret_place if it is of the
 * same state.  -ENODATA if not, or if it is damaged or of another version;
 * -ENOMEM. */
int memo_record_use(const void *data, size_t len, const struct memo_stamp *s,
		    struct manifest_entry *e, struct memo_place *ret_place);

/* The day in a record; 0 if it is damaged or of another version. */
uint32_t memo_record_day(const struct memo_key *key, const void *data,
			 size_t len);
/* Sets it in a record that is sound. */
void memo_record_touch(const struct memo_key *key, void *data, size_t len,
		       uint32_t day);

#endif
