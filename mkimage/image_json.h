/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON documents of images, OCI's and Docker's (version 2, schema 2), read
 * into what a build needs of them.  All of it comes from strangers: digests are
 * digests when they get here, numbers are in range, lists are not endless.
 *
 * Thread safety: no state.  Ownership: *_release() frees what a document was
 * read into.  Errors: negative errno, logged with `name`, the document's;
 * -EBADMSG for one that is not what it should be.
 */
#ifndef STENCIL_MKIMAGE_IMAGE_JSON_H
#define STENCIL_MKIMAGE_IMAGE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "mkimage/blob.h"
#include "mkimage/platform.h"

/* Of one document, of an image's layers, and of any list in a document. */
#define IMAGE_JSON_MAX (4 << 20)
#define IMAGE_LAYERS_MAX 1000
#define IMAGE_LIST_MAX 10000

enum image_media {
	IMAGE_INDEX,
	IMAGE_MANIFEST,
	IMAGE_CONFIG,
	IMAGE_LAYER,
	IMAGE_FOREIGN_LAYER, /* its content is elsewhere */
	IMAGE_OTHER,
};

struct image_descriptor {
	enum image_media media;
	struct blob_digest digest;
	uint64_t size;
	bool has_platform;
	struct platform platform;
	char *type; /* the media type as written */
	char *ref;  /* the annotation org.opencontainers.image.ref.name */
};

void image_descriptor_release(struct image_descriptor *d);
/* -ENOMEM, not logged. */
int image_descriptor_copy(const struct image_descriptor *d,
			  struct image_descriptor *ret);

struct image_list {
	struct image_descriptor *at;
	size_t n;
};

/* An index: OCI's, or Docker's list of manifests. */
int image_json_index(const struct bytes *text, const char *name,
		     struct image_list *ret);
void image_list_release(struct image_list *l);

struct image_manifest {
	struct image_descriptor config;
	struct image_list layers;
};

int image_json_manifest(const struct bytes *text, const char *name,
			struct image_manifest *ret);
void image_manifest_release(struct image_manifest *m);

/* Of a configuration. */
struct image_facts {
	bool has_platform;
	struct platform platform;
	struct blob_digest *diff_ids; /* of the layers, unpacked */
	size_t n;
};

int image_json_config(const struct bytes *text, const char *name,
		      struct image_facts *ret);
void image_facts_release(struct image_facts *f);

/* manifest.json of docker save: one or more images. */
struct image_saved {
	char *config;
	char **tags, **layers; /* NULL-terminated */
};

struct image_saved_list {
	struct image_saved *at;
	size_t n;
};

int image_json_saved(const struct bytes *text, const char *name,
		     struct image_saved_list *ret);
void image_saved_list_release(struct image_saved_list *l);

/* oci-layout: is it of a version that we know? */
int image_json_layout(const struct bytes *text, const char *name);

/* Appends a word to a list for a message, which stays of bearable length. */
int image_list_add(struct bytes *list, const char *word);

#endif
