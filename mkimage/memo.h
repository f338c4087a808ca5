/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What earlier builds learned of files in source directories, so that a file
 * which has not changed since is not read again: STORE/memo, an LMDB
 * environment (docs/formats.md).  The key is the file's file system, device
 * and inode; the state it was read in is its stamp.
 *
 * When a stamp may be trusted:
 *
 *  - Every change of data, mode, owner, attributes or names sets ctime, which
 *    no program can choose; mtime and size are compared for good measure.
 *    That is so on the file systems that memo_fs() accepts only: an image file
 *    system shows whatever its maker wrote, and other file systems with equal
 *    inode numbers and times can come to stand under the same device number.
 *  - The creation time (btime) must be known and agree, so that an inode number
 *    which was used again is not taken for the file that had it before.
 *  - Racy stamps are not kept: ctime comes from a clock with ticks, and a
 *    second change in the same tick leaves it as it is.  So a file is
 *    remembered only if its ctime was older than the clock's grain when the
 *    stamp was taken, which is before the file is opened: then any change that
 *    the reading did not see gives another ctime, and the stamp never matches
 *    again.  The grain is taken as 20 ms, or, where ctime has no fraction of a
 *    second, as 2 s.
 *  - Not seen is a store through a shared writable mapping of a page that was
 *    dirty already when the file was read: the kernel moves no time then.
 *
 * The memo is a help and never a truth: what is missing or damaged costs a
 * read.  Nothing in it is used without the pool's file being looked at.
 *
 * Thread safety: memo_find() and memo_put() may be called from any thread
 * (one lock, held for moments); several processes may use one store's memo.
 * Ownership: memo_close() closes; what memo_find() puts into an entry is the
 * entry's.  Errors: negative errno; -ENODATA for a file that is not known.
 * What goes wrong with the memo itself is told in one warning, after which the
 * memo knows nothing and keeps nothing; no caller need look at it.
 */
#ifndef STENCIL_MKIMAGE_MEMO_H
#define STENCIL_MKIMAGE_MEMO_H

#include <stdint.h>

struct manifest_entry;
struct memo;
struct statx;

/* Without use for so long, gc forgets a file. */
#define MEMO_DAYS 30

struct memo_time {
	int64_t sec;
	uint32_t nsec;
};

/* The state of a file. */
struct memo_stamp {
	uint64_t fs; /* memo_fs() */
	uint64_t dev, ino, size;
	struct memo_time mtime, ctime, btime;
	struct memo_time seen; /* the clock before the state was asked for */
};

/* A file of the pool: an inode number alone could be used again. */
struct memo_place {
	uint64_t ino;
	int64_t btime_sec;
	uint32_t btime_nsec;
	uint32_t variant; /* its number then: where to look first */
};

/*
 * Identifies the file system behind fd, and who looks at it (user namespace
 * and capabilities decide which attributes are seen).  -EOPNOTSUPP if its
 * times do not tell one state of a file from another.
 */
int memo_fs(int fd, uint64_t *ret);

/* The clock by which file systems set times. */
struct memo_time memo_now(void);

/* A stamp from a statx(2) with STATX_BASIC_STATS | STATX_BTIME that was made
 * after `seen`.  -EOPNOTSUPP if the file has no creation time. */
int memo_stamp_set(struct memo_stamp *s, uint64_t fs,
		   const struct memo_time *seen, const struct statx *stx);

/*
 * Opens the store's memo, made if need be.  One that is damaged, foreign, or
 * was being written when the machine went down is thrown away first, with a
 * warning.  An error has been told as a warning: the build goes on without.
 */
int memo_open(int storefd, struct memo **ret);
/* Writes what memo_put() collected.  NULL is allowed. */
void memo_close(struct memo *m);

/*
 * Is this state of the file known?  Then *e, which must have none yet, gets
 * digests and attributes.  -ENODATA, or -ENOMEM; nothing is changed then.
 */
int memo_find(struct memo *m, const struct memo_stamp *stamp,
	      struct manifest_entry *e, struct memo_place *ret_place);

/*
 * Remembers the digests and attributes of e, which has_digest, unless the stamp
 * is racy.  Written some thousands at a time: a crash loses the last ones.
 */
void memo_put(struct memo *m, const struct memo_stamp *stamp,
	      const struct manifest_entry *e, const struct memo_place *place);

/*
 * For gc: forgets files that no build has met for `days` days, and shrinks the
 * memo.  *ret_bytes gets what was freed.  Nothing is done while a build uses
 * the memo, or where there is none.
 */
int memo_prune(int storefd, unsigned int days, uint64_t *ret_bytes);

#endif
