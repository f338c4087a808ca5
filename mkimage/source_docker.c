// SPDX-License-Identifier: Apache-2.0
/*
 * An image of an archive that docker save, podman save or skopeo wrote, as a
 * source: manifest.json names the configuration and the layers of each image.
 * What else is in it (repositories, the index of newer ones) is not needed.
 */
#include "mkimage/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "mkimage/docker_archive.h"
#include "mkimage/source_layers.h"


struct source_docker {
	struct layers layers;
	struct docker_archive archive;
	struct image_saved_list images;
	const struct image_saved *image; /* the one that is meant */
};

static struct source_docker *from_layers(struct layers *l)
{
	return (struct source_docker *)((char *)l -
					offsetof(struct source_docker, layers));
}

static int docker_open(struct layers *l, size_t i, struct stream **ret)
{
	struct source_docker *d = from_layers(l);

	return docker_archive_open(&d->archive, d->image->layers[i], ret);
}

static void docker_close(struct layers *l)
{
	struct source_docker *d = from_layers(l);

	image_saved_list_release(&d->images);
	docker_archive_release(&d->archive);
	free(d);
}

static const struct layers_ops docker_ops = {
	.open = docker_open,
	.close = docker_close,
};

/* Docker writes short names, and others the whole of the same. */
static const char *short_name(const char *tag)
{
	static const char *const hubs[] = { "docker.io/library/", "docker.io/" };

	for (size_t i = 0; i < sizeof(hubs) / sizeof(hubs[0]); i++)
		if (!strncmp(tag, hubs[i], strlen(hubs[i])))
			return tag + strlen(hubs[i]);
	return tag;
}

/* Is it NAME:TAG, where `ref` may lack the tag? */
static bool is_tag(const char *name, const char *ref)
{
	const char *base = strrchr(ref, '/');
	const char *tag = strchr(base ? base : ref, ':') ? "" : ":latest";
	size_t len = strlen(ref);

	return !strncmp(name, ref, len) && !strcmp(name + len, tag);
}

/* A digest is that of the image's configuration. */
static bool names(const struct image_saved *i, const char *ref)
{
	struct blob_digest digest;

	if (!docker_archive_digest(i->config, &digest) &&
	    !strcmp(digest.text, ref))
		return true;
	for (char **t = i->tags; *t; t++)
		if (is_tag(*t, ref) || is_tag(short_name(*t), ref))
			return true;
	return false;
}

static int refuse_ref(const struct source_docker *d, const char *ref)
{
	_cleanup_bytes struct bytes list = BYTES_INIT;
	struct blob_digest digest;
	int r = 0;

	for (size_t i = 0; i < d->images.n && !r; i++) {
		const struct image_saved *image = &d->images.at[i];

		if (!image->tags[0] &&
		    !docker_archive_digest(image->config, &digest))
			r = image_list_add(&list, digest.text);
		for (char **t = image->tags; *t && !r; t++)
			r = image_list_add(&list, *t);
	}
	if (r)
		log_error(r, "%s", d->archive.path);
	else if (!d->images.n)
		log_error(0, "%s: has no image", d->archive.path);
	else if (ref)
		log_error(0, "%s: has no image '%s', but: %s", d->archive.path,
			  ref, list.data ? list.data : "one without a name");
	else
		log_error(0, "%s: has several images, name one of: %s",
			  d->archive.path, list.data ? list.data : "");
	return r ? r : -ENOENT;
}

static int choose(struct source_docker *d, const char *ref)
{
	const struct image_saved_list *l = &d->images;

	if (!ref && l->n == 1)
		d->image = &l->at[0];
	for (size_t i = 0; ref && i < l->n && !d->image; i++)
		if (names(&l->at[i], ref))
			d->image = &l->at[i];
	return d->image ? 0 : refuse_ref(d, ref);
}

static int open_image(struct source_docker *d, const char *ref,
		      const struct platform *platform)
{
	_cleanup_bytes struct bytes text = BYTES_INIT;
	size_t n = 0;
	int r = docker_archive_read(&d->archive, "manifest.json", &text);

	if (!r)
		r = image_json_saved(&text, "manifest.json", &d->images);
	if (!r)
		r = choose(d, ref);
	if (!r)
		r = docker_archive_read(&d->archive, d->image->config,
					&d->layers.source.config);
	if (r)
		return r;
	while (d->image->layers[n])
		n++;
	return layers_configure(&d->layers, d->image->config, n, platform);
}

int source_docker_open(const char *path, const struct source_options *options,
		       struct source **ret)
{
	struct source_docker *d = calloc(1, sizeof(*d));
	_cleanup_free char *file = NULL;
	const char *ref = NULL;
	int r = d ? source_split(path, &file, &ref) : -ENOMEM;

	if (d)
		layers_init(&d->layers, &docker_ops);
	if (r)
		log_error(r, "%s", path);
	else
		r = docker_archive_init(&d->archive, file, options);
	if (!r && asprintf(&d->layers.source.name, "docker-archive:%s%s%s",
			   d->archive.path, ref ? ":" : "",
			   ref ? ref : "") < 0) {
		d->layers.source.name = NULL;
		r = -ENOMEM;
		log_error(r, "%s", path);
	}
	if (!r)
		r = open_image(d, ref, options->platform);
	if (r) {
		if (d)
			source_close(&d->layers.source);
		return r;
	}
	*ret = &d->layers.source;
	return 0;
}
