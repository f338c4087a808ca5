/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds a template's tree in a staged directory: first every entry of the
 * source (emit_item), then what needs to be known of all of them (emit_finish:
 * hard-link groups, the pool, directories' metadata), then the manifest.
 *
 * Thread safety: one thread.  Ownership: emit_free() frees; descriptors stay
 * the caller's.  Errors: negative errno, logged with the path.
 */
#ifndef STENCIL_MKIMAGE_EMIT_H
#define STENCIL_MKIMAGE_EMIT_H

#include <stdint.h>

#include "base/digest.h"

struct emit;
struct pool;
struct progress;
struct source;
struct source_item;

struct emit_totals {
	uint64_t entries; /* lines of the manifest */
	uint64_t files;	  /* regular files, a hard-linked one counts once */
	uint64_t bytes;	  /* of them */
	uint64_t shared;  /* of the files: those that the pool had */
};

/* `rootfd` is the empty directory that becomes the template's root. */
int emit_new(struct emit **ret, int rootfd, struct progress *p);
void emit_free(struct emit *e);

/*
 * Adds the item's entry, whose data (if any) is the source's current, or takes
 * away what it says.  Takes what it needs out of the entry.
 */
int emit_item(struct emit *e, struct source *s, struct source_item *item);

/* No emit_item() after this. */
int emit_finish(struct emit *e, struct pool *pool);

/* Writes the manifest to fd; its digest is the version. */
int emit_manifest(struct emit *e, int fd, struct sha256 *ret_version);

const struct emit_totals *emit_totals(const struct emit *e);

#endif
