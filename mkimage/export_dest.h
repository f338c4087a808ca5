/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an export goes, as the command line says it: FILE.tar[.gz|.zst|.xz|
 * .bz2], "-", or oci:DIR[:REF].
 *
 * Thread safety: no state.  Ownership: export_dest_release() frees.  Errors:
 * -EINVAL after a message, -ENOMEM.
 */
#ifndef STENCIL_MKIMAGE_EXPORT_DEST_H
#define STENCIL_MKIMAGE_EXPORT_DEST_H

#include "mkimage/export_stream.h"

#define EXPORT_DEFAULT_REF "latest"

enum export_kind { EXPORT_STDOUT, EXPORT_FILE, EXPORT_OCI };

struct export_dest {
	enum export_kind kind;
	char *path; /* file, or layout's directory */
	char *ref;  /* of an image */
	enum export_compression compression;
};

/* `compress` is what --compress said, or NULL. */
int export_dest_parse(const char *text, const char *compress,
		      struct export_dest *ret);
void export_dest_release(struct export_dest *d);

#endif
