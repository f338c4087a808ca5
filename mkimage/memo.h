/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What earlier builds learned of files in source directories, so that a file
 * which has not changed since is not read again: STORE/memo, an LMDB
 * environment.  The key is the file's device and inode; the state it was read
 * in is its stamp.  A stamp younger than the clock can tell apart is not kept,
 * for a change could hide behind it.
 *
 * The memo is a help and never a truth: what is missing or damaged costs a
 * read.  Nothing in it is used without the pool's file being looked at.
 *
 * Thread safety: a struct memo belongs to one thread; several processes may
 * use one store's memo.  Ownership: memo_close() closes; what memo_find() puts
 * into an entry is the entry's.  Errors: negative errno; -ENODATA for a file
 * that is not known.
 */
#ifndef STENCIL_MKIMAGE_MEMO_H
#define STENCIL_MKIMAGE_MEMO_H

#include <stdint.h>

struct manifest_entry;
struct memo;

/* The state of a file. */
struct memo_stamp {
	uint64_t dev, ino, size;
	int64_t mtime_sec, ctime_sec;
	uint32_t mtime_nsec, ctime_nsec;
};

/* A file of the pool: an inode number alone could be used again. */
struct memo_place {
	uint64_t ino;
	int64_t btime_sec;
	uint32_t btime_nsec;
};

#endif
