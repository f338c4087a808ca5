/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layers of an image as a source: what OCI layouts and Docker's archives
 * have in common.  A kind says how the bytes of a layer are read; they are
 * unpacked here, the result is checked against the configuration's digest of
 * it, and AUFS's names (as the image specification has them) become whiteouts.
 *
 * Thread safety, ownership, errors: as source.h says.
 */
#ifndef STENCIL_MKIMAGE_SOURCE_LAYERS_H
#define STENCIL_MKIMAGE_SOURCE_LAYERS_H

#include "mkimage/image_json.h"
#include "mkimage/source.h"
#include "mkimage/stream.h"

struct layers;

struct layers_ops {
	/* The bytes of layer i, as they are stored. */
	int (*open)(struct layers *l, size_t i, struct stream **ret);
	/* Frees the kind's. */
	void (*close)(struct layers *l);
};

/* Each kind embeds it, zeroed, and sets source.name and source.config. */
struct layers {
	struct source source;
	const struct layers_ops *ops;
	struct image_facts facts; /* a digest for each layer */
	/* The layer being read. */
	size_t i;
	struct stream *stream;
	struct tar *tar;
	char name[32 + BLOB_DIGEST_SIZE];
};

void layers_init(struct layers *l, const struct layers_ops *ops);

/*
 * Reads the configuration, source.config, into facts: an image of `nlayers`,
 * for the platform `want` (NULL: the host's is expected, and another is worth a
 * warning).
 */
int layers_configure(struct layers *l, const char *name, size_t nlayers,
		     const struct platform *want);

#endif
