/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a tar archive from a stream, by libarchive: every tar dialect.  Owners
 * are the numbers in the archive; names of users are looked up only in an ACL
 * that has no number.
 *
 * What cannot be read exactly is an error and not a warning: a template's
 * version says that it IS the archive's content.
 *
 * Thread safety: one thread.  Ownership: the stream stays the caller's and must
 * outlive the reader; entries are the caller's; a block is the reader's and
 * lives until the next call.  Errors: negative errno, logged.
 */
#ifndef STENCIL_MKIMAGE_TAR_H
#define STENCIL_MKIMAGE_TAR_H

#include "mkimage/source.h"
#include "mkimage/stream.h"

struct archive_entry;
struct tar;

enum tar_flags {
	/* In any compression, too. */
	TAR_COMPRESSED = 1,
	/* Somebody else checks that the stream is whole: no end mark is wanted,
	 * and no bytes at all are an archive without entries. */
	TAR_VERIFIED = 2,
};

/* `source` counts attributes of ours that are left out; `name`, the caller's,
 * stands in messages. */
int tar_open(struct stream *stream, struct source *source, const char *name,
	     unsigned int flags, struct tar **ret);

/* NULL is allowed. */
void tar_close(struct tar *t);

/* 1 with the next entry, as source.h describes them; 0 at the end mark, behind
 * which the stream may have more. */
int tar_next(struct tar *t, struct manifest_entry *ret);

/* 1 with the next block of that entry, 0 at its end. */
int tar_data(struct tar *t, struct source_block *ret);

/*
 * The entry as ours (tar_entry.c), to be called with an UTF-8 locale in use.
 * What it has got so far is in `e` even on failure.
 */
int tar_entry_take(struct source *s, struct archive_entry *ae,
		   struct manifest_entry *e);

#endif
