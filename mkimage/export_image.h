/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents of an OCI image with one layer, as JSON values: config,
 * manifest, and the entry in an index.  They say the same for the same
 * template, whenever and wherever they are made.
 *
 * Thread safety: no state.  Ownership: new references, NULL without memory.
 */
#ifndef STENCIL_MKIMAGE_EXPORT_IMAGE_H
#define STENCIL_MKIMAGE_EXPORT_IMAGE_H

#include <stdint.h>

#include <jansson.h>

#include "base/digest.h"
#include "mkimage/export_stream.h"

/* Room for "sha256:" and the digits. */
#define EXPORT_DIGEST_MAX (SHA256_HEX + 8)

struct export_blob {
	const char *media_type;
	struct sha256 digest;
	uint64_t size;
};

void export_image_digest(const struct sha256 *digest,
			 char out[static EXPORT_DIGEST_MAX]);

/* Of a layer; of the other two documents. */
const char *export_image_layer_type(enum export_compression c);
extern const char export_image_config_type[];
extern const char export_image_manifest_type[];

/* `kept` is the config of the image that the template was built from, or
 * NULL: what it says of platform and use stands, what it says of its layers
 * does not. */
json_t *export_image_config(json_t *kept, const char *version,
			    const struct sha256 *diff_id);

json_t *export_image_manifest(const struct export_blob *config,
			      const struct export_blob *layer);

/* An index without images. */
json_t *export_image_index_new(void);

/* Makes `ref` of the index that manifest, and no other.  -EBADMSG if it is not
 * an index, -ENOMEM. */
int export_image_index_set(json_t *index, const char *ref,
			   const struct export_blob *manifest);

#endif
