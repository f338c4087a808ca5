/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool: STORE/pool/ab/cdef..., the regular files of all templates by
 * SHA-1.  Files with one SHA-1 that differ in content, metadata, attributes or
 * hard-link group are variants: cdef..., cdef....1, cdef....2, without gaps.
 *
 * Builds hold the pool's lock shared while they place files; who removes holds
 * it exclusively, so that no variant vanishes or is renumbered under a build.
 *
 * Thread safety: a struct pool belongs to one thread; processes are kept apart
 * by the lock (flock(2) on STORE/pool).  Ownership: pool_free() unlocks.
 * Errors: negative errno.
 */
#ifndef STENCIL_MKIMAGE_POOL_H
#define STENCIL_MKIMAGE_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/digest.h"

struct pool;

/* Waits for the shared lock.  `asidefd` is an empty directory on the same file
 * system, for files that are put together out of sight. */
int pool_open(int storefd, int asidefd, struct pool **ret);
/* NULL is allowed. */
void pool_free(struct pool *p);

enum pool_placed {
	POOL_NEW,    /* the file itself is a new variant */
	POOL_SHARED, /* replaced by a variant that agreed in all */
	POOL_CLONED, /* replaced by a new variant that shares blocks only */
};

/*
 * Puts the finished file `path` in the directory into the pool, or a variant
 * in its place.  Returns enum pool_placed or -errno.  Calls of one pool must
 * come in the order of their digests, and one call for each inode: a variant
 * is used for one inode of a template only.  The file has `names` names, for
 * the others of which the caller calls pool_relink() if it was replaced.
 */
int pool_place(struct pool *p, int dirfd, const char *path,
	       const struct sha1 *sha1, unsigned int names);

/* Makes `path` one more name of the file `first`, in place of what it names. */
int pool_relink(struct pool *p, int dirfd, const char *first,
		const char *path);

/*
 * Removes, of these digests' variants, those that nothing else links to.
 * Waits for builds to end.  *ret_bytes gets what was freed.
 */
int pool_sweep(int storefd, struct sha1 *digests, size_t n,
	       unsigned long long *ret_bytes);

/*
 * The same for all that the pool has, and directories without content, or with
 * `keep` only counted.  A directory at a time, so that builds wait for moments;
 * fn is told of names that are no variant's, which stay.  -EINTR when the user
 * stops it.
 */
struct pool_unused {
	unsigned long long files, bytes;
};
int pool_sweep_all(int storefd, bool keep, void (*fn)(void *arg, const char *),
		   void *arg, struct pool_unused *ret);

#endif
