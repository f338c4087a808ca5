// SPDX-License-Identifier: Apache-2.0
/* An image of an OCI image layout as a source. */
#include "mkimage/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "mkimage/oci_layout.h"
#include "mkimage/source_layers.h"

struct source_oci {
	struct layers layers;
	struct oci_layout layout;
	struct image_manifest manifest;
};

static struct source_oci *from_layers(struct layers *l)
{
	return (struct source_oci *)((char *)l -
				     offsetof(struct source_oci, layers));
}

static int oci_open(struct layers *l, size_t i, struct stream **ret)
{
	struct source_oci *o = from_layers(l);

	return oci_layout_open_blob(&o->layout, &o->manifest.layers.at[i],
				    ret);
}

static void oci_close(struct layers *l)
{
	struct source_oci *o = from_layers(l);

	oci_layout_release(&o->layout);
	image_manifest_release(&o->manifest);
	free(o);
}

static const struct layers_ops oci_ops = {
	.open = oci_open,
	.close = oci_close,
};

/* All that is wrong with the image and can be known now is told now. */
static int check_layers(const struct source_oci *o)
{
	const struct image_list *layers = &o->manifest.layers;

	for (size_t i = 0; i < layers->n; i++) {
		const struct image_descriptor *d = &layers->at[i];

		if (d->media == IMAGE_LAYER)
			continue;
		log_error(0, d->media == IMAGE_FOREIGN_LAYER
				     ? "%s: layer %s has its content elsewhere (%s)"
				     : "%s: layer %s is of a type that is not known: %s",
			  o->layers.source.name, d->digest.text, d->type);
		return -EBADMSG;
	}
	return 0;
}

static int read_manifest(struct source_oci *o, const struct image_descriptor *d)
{
	_cleanup_bytes struct bytes text = BYTES_INIT;
	int r = oci_layout_read_blob(&o->layout, d, &text);

	if (!r)
		r = image_json_manifest(&text, d->digest.text, &o->manifest);
	if (!r && o->manifest.config.media != IMAGE_CONFIG) {
		log_error(0, "%s: not the image of a file system, its configuration is %s",
			  d->digest.text, o->manifest.config.type);
		r = -EBADMSG;
	}
	return r ? r : check_layers(o);
}

static int open_image(struct source_oci *o, const char *ref,
		      const struct platform *platform)
{
	const struct image_descriptor *config = &o->manifest.config;
	struct image_descriptor image;
	int r = oci_layout_find(&o->layout, ref, platform, &image);

	if (r)
		return r;
	r = read_manifest(o, &image);
	image_descriptor_release(&image);
	if (!r)
		r = oci_layout_read_blob(&o->layout, config,
					 &o->layers.source.config);
	return r ? r
		 : layers_configure(&o->layers, config->digest.text,
				    o->manifest.layers.n, platform);
}

int source_oci_open(const char *path, const struct source_options *options,
		    struct source **ret)
{
	struct source_oci *o = calloc(1, sizeof(*o));
	const char *ref = NULL;
	int r;

	if (!o) {
		log_error(-ENOMEM, "%s", path);
		return -ENOMEM;
	}
	layers_init(&o->layers, &oci_ops);
	r = oci_layout_init(&o->layout, path, &ref);
	if (!r && asprintf(&o->layers.source.name, "oci:%s%s%s",
			   o->layout.path, ref ? ":" : "",
			   ref ? ref : "") < 0) {
		o->layers.source.name = NULL;
		r = -ENOMEM;
		log_error(r, "%s", path);
	}
	if (!r)
		r = open_image(o, ref, options->platform);
	if (r) {
		source_close(&o->layers.source);
		return r;
	}
	*ret = &o->layers.source;
	return 0;
}
