/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A template as a tar archive: PAX, written by libarchive, in the order of the
 * manifest, which says all but the data.  Building a template of the archive
 * gives the same version; what an archive cannot say is refused.
 *
 * Thread safety: one thread.  Ownership: the descriptors stay the caller's.
 * Errors: negative errno, logged.
 */
#ifndef STENCIL_MKIMAGE_EXPORT_TAR_H
#define STENCIL_MKIMAGE_EXPORT_TAR_H

#include <stdbool.h>
#include <stdint.h>

struct export_stream;
struct progress;

struct export_tree {
	int rootfd;	/* its root/ */
	int manifestfd; /* its manifest, for reading */
	const char *version;
	const char *dest; /* for messages about what is written */
	bool is_layer;	  /* of an image: .wh. names are whiteouts there */
	/* By export_tar_check(): */
	bool binary;	/* a name is not UTF-8 */
	uint64_t bytes; /* of data */
};

/* Before anything is written: is the manifest that of the version, and can an
 * archive hold everything? */
int export_tar_check(struct export_tree *t);

int export_tar_write(const struct export_tree *t, struct export_stream *out,
		     struct progress *p);

#endif
