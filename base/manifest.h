/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A template's manifest: every path with type, mode, owner, times, link
 * target, attributes, size and digests, in composefs-dump(5) format, so that
 * other tools read it.  The same tree gives the same bytes on any machine; a
 * template's version is the SHA-256 of them.
 *
 * One line an entry, sorted by path (byte order, "/" first), fields separated
 * by one blank, escaped as composefs-dump(5) says:
 *
 *	PATH SIZE MODE NLINK UID GID RDEV MTIME PAYLOAD CONTENT DIGEST [XATTR=VALUE]...
 *
 * Here PAYLOAD of a regular file is its pool name without the variant
 * (ab/cdef..., the SHA-1), of a symlink its target, of a hard link (MODE
 * starts with '@') the path of the group's first name; CONTENT is always "-";
 * DIGEST is the fs-verity digest (SHA-256, 4096-byte blocks, no salt) or "-";
 * a directory's SIZE is 0 and its NLINK 2 plus its subdirectories; attributes
 * are sorted by name.
 *
 * Thread safety: a reader or writer belongs to one thread at a time.
 * Ownership: manifest_entry_release() frees what a reader returned.  Errors:
 * negative errno; -EBADMSG for a malformed line, and nothing is returned then.
 */
#ifndef STENCIL_BASE_MANIFEST_H
#define STENCIL_BASE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/digest.h"

struct manifest_xattr {
	char *name;
	char *value; /* may hold NULs */
	size_t len;
};

struct manifest_entry {
	char *path;   /* absolute, normalised: "/", "/usr/bin" */
	char *target; /* symlink's target; hard link's first name; or NULL */
	bool hardlink;
	bool has_digest;
	mode_t mode; /* with the type */
	uint64_t size;
	uint32_t nlink, uid, gid;
	uint64_t rdev; /* as st_rdev */
	int64_t mtime_sec;
	uint32_t mtime_nsec;
	struct sha1 sha1;     /* of regular files */
	struct sha256 verity; /* if has_digest */
	struct manifest_xattr *xattrs;
	size_t nxattrs;
};

void manifest_entry_release(struct manifest_entry *e);

/* Appends one line. */
int manifest_format(const struct manifest_entry *e, struct bytes *out);

/* Parses one line of `len` bytes without its newline. */
int manifest_parse(const char *line, size_t len, struct manifest_entry *ret);

/* Reads the next entry: 1, 0 at the end, or -errno.  Checks the order too. */
struct manifest_reader;
int manifest_reader_new(struct manifest_reader **ret, FILE *f);
int manifest_reader_next(struct manifest_reader *r,
			 struct manifest_entry *ret);
/* Line of the last error or entry, counted from 1. */
unsigned long manifest_reader_line(const struct manifest_reader *r);
void manifest_reader_free(struct manifest_reader *r);

#endif
