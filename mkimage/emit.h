/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds a template's tree in a staged directory: first every item of the
 * source (emit_item), then what needs to be known of all of them: the manifest
 * (emit_version); hard-link groups, the pool, directories' metadata
 * (emit_finish).
 *
 * The caller's thread reads the source and decides on the structure; files are
 * hashed, compared and written by threads of emit's own, while it reads on.
 *
 * Thread safety: one thread.  Ownership: emit_free() frees; descriptors, pool,
 * memo and progress stay the caller's and outlive it.  Errors: negative errno,
 * logged with the path, one for all threads.
 */
#ifndef STENCIL_MKIMAGE_EMIT_H
#define STENCIL_MKIMAGE_EMIT_H

#include <stdint.h>

#include "base/digest.h"

struct emit;
struct memo;
struct pool;
struct progress;
struct source;
struct source_item;

struct emit_options {
	int rootfd;  /* the empty directory that becomes the template's root */
	int asidefd; /* an empty one, for what is put together out of sight */
	struct pool *pool;
	struct memo *memo; /* or NULL */
	struct progress *progress;
	unsigned int threads; /* 0: one for each CPU */
};

struct emit_totals {
	uint64_t entries; /* lines of the manifest */
	uint64_t files;	  /* regular files, a hard-linked one counts once */
	uint64_t bytes;	  /* of them */
	uint64_t shared;  /* of the files: those that the pool had */
	/* Of the bytes: written, given blocks of others by reflinks instead,
	 * or found in the pool before anything was written. */
	uint64_t written, reflinked, avoided;
};

int emit_new(struct emit **ret, const struct emit_options *options);
/* NULL is allowed. */
void emit_free(struct emit *e);

/*
 * Adds the item's entry, whose data (if any) is the source's current, or takes
 * away what it says.  Takes what it needs out of the entry.
 */
int emit_item(struct emit *e, struct source *s, struct source_item *item);

/* Writes the manifest to fd; its digest is the version.  No emit_item() after
 * this. */
int emit_version(struct emit *e, int fd, struct sha256 *ret_version);

/* After that, completes the tree. */
int emit_finish(struct emit *e);

/* Or, where the tree is not wanted, because there is one of this version:
 * leaves it, but remembers in the memo what was learned. */
int emit_learn(struct emit *e);

const struct emit_totals *emit_totals(const struct emit *e);

#endif
