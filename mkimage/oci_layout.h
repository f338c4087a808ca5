/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads an OCI image layout: finds an image in it, and its blobs.  Nothing is
 * reached but by names below its directory, step by step and through no link;
 * digests are the only parts of a name that the layout itself chooses.
 *
 * Thread safety: one thread.  Ownership: oci_layout_release() frees; what ret_
 * parameters return is the caller's.  Errors: negative errno, logged.
 */
#ifndef STENCIL_MKIMAGE_OCI_LAYOUT_H
#define STENCIL_MKIMAGE_OCI_LAYOUT_H

#include "mkimage/image_json.h"
#include "mkimage/stream.h"

struct oci_layout {
	char *path; /* absolute; NULL when there is nothing to release */
	int dirfd;
};

/* DIR[:REF]; *ret_ref points into the text, or is NULL. */
int oci_layout_init(struct oci_layout *l, const char *text,
		    const char **ret_ref);
void oci_layout_release(struct oci_layout *l);

/*
 * The manifest of the image that `ref` names (an annotation, or a digest; NULL
 * where the layout has only one), for the platform (NULL: this machine's, if
 * there is a choice).  Released by image_descriptor_release().
 */
int oci_layout_find(const struct oci_layout *l, const char *ref,
		    const struct platform *platform,
		    struct image_descriptor *ret);

/* A blob's bytes, verified: as a stream, or all of those that are JSON. */
int oci_layout_open_blob(const struct oci_layout *l,
			 const struct image_descriptor *d,
			 struct stream **ret);
int oci_layout_read_blob(const struct oci_layout *l,
			 const struct image_descriptor *d, struct bytes *ret);

#endif
