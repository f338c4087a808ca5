/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image in an OCI layout: a directory of blobs named by their SHA-256, with
 * index.json, in which images have names.  Other images of the layout are left
 * as they are.
 *
 * The layer is written aside first.  What makes it an image then happens under
 * the layout's lock (flock(2) on its directory): blobs, then index.json by one
 * rename.
 *
 * Thread safety: one thread; processes of this program are kept apart by the
 * lock.  Ownership: export_oci_free() removes what was not committed, the
 * layout too if it was made for it.  Errors: negative errno, logged.
 */
#ifndef STENCIL_MKIMAGE_EXPORT_OCI_H
#define STENCIL_MKIMAGE_EXPORT_OCI_H

#include <sys/types.h>

#include <jansson.h>

#include "base/digest.h"
#include "mkimage/export_stream.h"

struct export_dest;
struct export_oci;

/* What an image consists of, once it is there. */
struct export_oci_image {
	struct sha256 manifest, config;
};

/* Opens the layout, or makes one.  New files have these permission bits. */
int export_oci_open(struct export_oci **ret, const struct export_dest *dest,
		    mode_t mode);
/* NULL is allowed. */
void export_oci_free(struct export_oci *o);

/* Where the layer is to be written. */
int export_oci_fd(const struct export_oci *o);

/* `kept` as in export_image_config(). */
int export_oci_commit(struct export_oci *o, const struct export_sums *layer,
		      json_t *kept, const char *version,
		      struct export_oci_image *ret);

#endif
