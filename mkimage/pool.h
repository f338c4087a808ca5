/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool: STORE/pool/ab/cdef..., the regular files of all templates by
 * SHA-1.  Files with one SHA-1 that differ in content, metadata, attributes or
 * hard-link group are variants: cdef..., cdef....1, cdef....2, without gaps.
 * A template uses a variant for one inode only.
 *
 * A build that links to the pool holds its lock shared; who removes holds it
 * exclusively, so that no variant vanishes or is renumbered under a build.
 *
 * Thread safety: all functions; a struct pool_run belongs to one thread.
 * Processes are kept apart by the lock (flock(2) on STORE/pool).  Ownership:
 * pool_free() frees and unlocks.  Errors: negative errno.
 */
#ifndef STENCIL_MKIMAGE_POOL_H
#define STENCIL_MKIMAGE_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/digest.h"

struct chunk;
struct manifest_entry;
struct memo_place;
struct pool;

/* For one template.  `asidefd` is an empty directory on the same file system,
 * for files that are put together out of sight. */
int pool_open(int storefd, int asidefd, struct pool **ret);
/* NULL is allowed. */
void pool_free(struct pool *p);

/* Waits for the shared lock, which is held until as many pool_leave(). */
int pool_enter(struct pool *p);
void pool_leave(struct pool *p);

/*
 * Makes `name` a link to a variant that agrees in all with the entry, which
 * has its SHA-1, and with the data: 1, or 0 if there is none among the first
 * ones, which no file of this template uses.  Takes the lock itself.
 */
int pool_share(struct pool *p, int dirfd, const char *name,
	       const struct manifest_entry *e, const struct chunk *data,
	       struct memo_place *ret_place);

/*
 * The variant which is the inode `at`, has the entry's metadata, and is not
 * used by this template; from now on it is.  1, 0 or -errno.  Then it can be
 * linked to `name`, or copied there where it can have no more links.  The lock
 * is held from the first to the second.
 */
int pool_find(struct pool *p, const struct manifest_entry *e,
	      const struct memo_place *at, unsigned int *ret_variant);
enum pool_linked { POOL_LINKED, POOL_COPIED };
int pool_link(struct pool *p, int dirfd, const char *name,
	      const struct sha1 *sha1, unsigned int variant);

/* `name`, a link to the pool, becomes a file of its own, the same in all. */
int pool_unshare(struct pool *p, int dirfd, const char *name);

enum pool_placed {
	POOL_NEW,    /* the file itself is a new variant */
	POOL_SHARED, /* replaced by a variant that agreed in all */
	POOL_CLONED, /* replaced by a new variant that shares blocks only */
};

/* What is known of a digest's variants while its files are placed. */
struct pool_run;
int pool_run_new(struct pool_run **ret, struct pool *p);
void pool_run_free(struct pool_run *r);

/*
 * Puts the finished file `path` in the directory into the pool, or a variant
 * in its place.  Returns enum pool_placed or -errno.  Calls of one run must
 * come in the order of their digests, each digest in one run only.  The file
 * has `names` names, for the others of which the caller calls pool_relink() if
 * it was replaced.  The lock must be held.
 */
int pool_place(struct pool_run *run, int dirfd, const char *path,
	       const struct sha1 *sha1, unsigned int names);

/* The number of the variant that the last pool_place() made or took. */
unsigned int pool_placed_at(const struct pool_run *run);

/* Makes `path` one more name of the file `first`, in place of what it names. */
int pool_relink(struct pool_run *run, int dirfd, const char *first,
		const char *path);

/* Where a file is, for the memo. */
int pool_where(int dirfd, const char *name, struct memo_place *ret);

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
