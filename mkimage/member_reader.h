/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libarchive on a part of a file, by offsets and not by the file's own: the
 * table of an archive's members is made with it, and each member read.
 *
 * Thread safety: a reader belongs to one thread, the descriptor may be used by
 * several.  Ownership: the descriptor and the name stay the caller's and must
 * outlive the reader.  Errors: negative errno, logged.
 */
#ifndef STENCIL_MKIMAGE_MEMBER_READER_H
#define STENCIL_MKIMAGE_MEMBER_READER_H

#include <stdint.h>

#include "mkimage/stream.h"

struct archive_entry;
struct member_reader;

/* Reads the tar archive in [offset, the file's end). */
int member_reader_new(int fd, uint64_t offset, const char *name,
		      struct member_reader **ret);
void member_reader_free(struct member_reader *m);

/* 1 with the next member and where its headers start, counted from `offset`; 0
 * at the end. */
int member_reader_next(struct member_reader *m, struct archive_entry **ret,
		       uint64_t *ret_offset);

/* The member's bytes; the stream owns the reader in any case. */
int member_reader_stream(struct member_reader *m, struct stream **ret);

#endif
