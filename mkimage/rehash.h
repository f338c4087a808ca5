/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads many files again and digests them, in the order of their inode
 * numbers (so that a disk need not seek), by as many threads as there are
 * CPUs.  Past the page cache where the file system allows it: what is on the
 * disk counts, and what containers have in memory stays there.
 *
 * Thread safety: one thread calls.  Ownership: rehash_clear() and
 * rehash_release() free the jobs with their paths.  Errors: negative errno;
 * those of a file stand in its job.
 */
#ifndef STENCIL_MKIMAGE_REHASH_H
#define STENCIL_MKIMAGE_REHASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

struct progress;

/* Jobs to gather before they are run: 64 bytes and a path each. */
#define REHASH_BATCH 16384

struct rehash_digests {
	struct sha1 sha1;
	struct sha256 verity;
};

struct rehash_job {
	char *path; /* relative to the directory of the run */
	uint64_t ino;
	struct rehash_digests want; /* the caller's */
	/* Of the run: */
	int error; /* -ESTALE: another inode has the path now */
	struct rehash_digests got;
};

struct rehash {
	struct rehash_job *jobs;
	size_t n, size;
};

/* The new job, whose `want` may be set; good until the next call. */
int rehash_add(struct rehash *h, const char *path, uint64_t ino,
	       struct rehash_job **ret);

/* Fills in the results; the jobs are sorted by inode number then.  -EINTR when
 * the user stopped it. */
int rehash_run(struct rehash *h, int dirfd, struct progress *p);

void rehash_clear(struct rehash *h);
void rehash_release(struct rehash *h);

#endif
