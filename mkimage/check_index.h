/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A version's index (base/tindex.h) against its manifest and tree: what it says
 * is what containers see.
 *
 * Thread safety: one thread.  Ownership: tindex_close() frees the index.  No
 * function fails: damage is a finding.
 */
#ifndef STENCIL_MKIMAGE_CHECK_INDEX_H
#define STENCIL_MKIMAGE_CHECK_INDEX_H

#include "base/tindex.h"
#include "mkimage/findings.h"

struct manifest_entry;

/* NULL where there is none, or one that mounts do not use. */
struct tindex *check_index_open(struct findings *f, int rootfd);

/* Of a directory, or NULL: the entry of a name, or NULL. */
const struct tindex_entry *check_index_find(const struct tindex *t,
					    const struct tindex_entry *dir,
					    const char *name);

/* The entry that was found, or NULL, against the manifest's and the inode. */
void check_index_entry(struct findings *f, const struct tindex *t,
		       const struct tindex_entry *i,
		       const struct manifest_entry *e, uint64_t ino);

/* The directory at `path` has as many names. */
void check_index_count(struct findings *f, const struct tindex *t,
		       const struct tindex_entry *dir, const char *path,
		       size_t n);

#endif
