/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a verification: the pool, and a version's tree against its
 * manifest.
 *
 * Thread safety: one thread (which starts others: rehash.h).  Ownership:
 * check_release() frees.  Errors: negative errno for what stops the whole:
 * -EINTR, -ENOMEM; damage, also a file that cannot be read, is a finding.
 */
#ifndef STENCIL_MKIMAGE_CHECK_H
#define STENCIL_MKIMAGE_CHECK_H

#include <stdint.h>

#include "mkimage/findings.h"
#include "mkimage/inodes.h"
#include "mkimage/rehash.h"

struct manifest_entry;
struct progress;

struct check {
	struct findings findings;
	struct progress *progress;
	/* Of files that were read: the inode's number, and a fingerprint of
	 * its digests, so that no file is read for each template that has it. */
	struct inodes known;
	struct rehash batch;
	uint64_t files; /* that were read */
};

void check_release(struct check *c);

/* STORE/pool: every variant against its name, the numbers, foreign names. */
int check_pool(struct check *c, int storefd);

struct check_totals {
	uint64_t entries, files, bytes; /* as in info.json */
};

/*
 * root/ and manifest in the directory of a version.  Returns 1 when the
 * manifest was read to its end, which fills *ret, else 0.
 */
int check_tree(struct check *c, int versionfd, const char *version,
	       struct check_totals *ret);

/*
 * One entry's inode but for its content: `name` in the directory, which is
 * `path` in the tree, has to be what the entry says, whose sha1 and target are
 * set also where it is a hard link.  1 if it is, or differs in metadata only,
 * with *ret_ino and *ret_links; 0 if it is something else or cannot be read.
 */
int check_entry(struct check *c, int dirfd, const char *name,
		const struct manifest_entry *e, uint64_t *ret_ino,
		uint64_t *ret_links);

/* The batch is read; known files are noted; what differs is found, with
 * `prefix` before the paths. */
int check_contents(struct check *c, int dirfd, const char *prefix);

/* Never 0. */
uint64_t check_fingerprint(const struct rehash_digests *d);

#endif
