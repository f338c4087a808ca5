/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a template's index (base/tindex.h) from its manifest and its tree.
 * Memory grows by 16 bytes an entry and some 60 a directory; the rest lies in
 * files without names.
 *
 * Thread safety: no state.  Ownership: descriptors stay the caller's.
 * Errors: negative errno, logged.
 */
#ifndef STENCIL_MKIMAGE_TINDEX_WRITE_H
#define STENCIL_MKIMAGE_TINDEX_WRITE_H

struct manifest_entry;

/* `dirfd` holds manifest and root/, complete, and gets the index.  A file
 * system whose inodes have no birth time gets none, which is no error. */
int tindex_write(int dirfd);

/* enum tindex_flags of an entry. */
unsigned int tindex_write_flags(const struct manifest_entry *e);

#endif
