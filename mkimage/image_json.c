// SPDX-License-Identifier: Apache-2.0
#include "mkimage/image_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/log.h"

#define LISTED_MAX 1000 /* bytes of a list in a message */
#define REF_NAME "org.opencontainers.image.ref.name"

static const struct media_type {
	const char *text;
	enum image_media media;
} media_types[] = {
	{ "application/vnd.oci.image.index.v1+json", IMAGE_INDEX },
	{ "application/vnd.docker.distribution.manifest.list.v2+json",
	  IMAGE_INDEX },
	{ "application/vnd.oci.image.manifest.v1+json", IMAGE_MANIFEST },
	{ "application/vnd.docker.distribution.manifest.v2+json",
	  IMAGE_MANIFEST },
	{ "application/vnd.oci.image.config.v1+json", IMAGE_CONFIG },
	{ "application/vnd.docker.container.image.v1+json", IMAGE_CONFIG },
	{ "application/vnd.oci.image.layer.v1.tar", IMAGE_LAYER },
	{ "application/vnd.oci.image.layer.v1.tar+gzip", IMAGE_LAYER },
	{ "application/vnd.oci.image.layer.v1.tar+zstd", IMAGE_LAYER },
	{ "application/vnd.docker.image.rootfs.diff.tar", IMAGE_LAYER },
	{ "application/vnd.docker.image.rootfs.diff.tar.gzip", IMAGE_LAYER },
	{ "application/vnd.docker.image.rootfs.diff.tar.zstd", IMAGE_LAYER },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar",
	  IMAGE_FOREIGN_LAYER },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
	  IMAGE_FOREIGN_LAYER },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
	  IMAGE_FOREIGN_LAYER },
	{ "application/vnd.docker.image.rootfs.foreign.diff.tar",
	  IMAGE_FOREIGN_LAYER },
	{ "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
	  IMAGE_FOREIGN_LAYER },
};

static int bad(const char *name, const char *why)
{
	log_error(0, "%s: %s", name, why);
	return -EBADMSG;
}

static int no_memory(const char *name)
{
	log_error(-ENOMEM, "%s", name);
	return -ENOMEM;
}

static enum image_media media_of(const char *type)
{
	for (size_t i = 0; i < sizeof(media_types) / sizeof(media_types[0]);
	     i++)
		if (!strcmp(type, media_types[i].text))
			return media_types[i].media;
	return IMAGE_OTHER;
}

static int load(const struct bytes *text, const char *name, json_t **ret)
{
	json_error_t error;
	json_t *json = json_loadb(text->data ? text->data : "", text->len,
				  JSON_REJECT_DUPLICATES, &error);

	if (!json) {
		log_error(0, "%s: is not JSON, from line %d, column %d on",
			  name, error.line, error.column);
		return -EBADMSG;
	}
	*ret = json;
	return 0;
}

/* An array of 1 to `max`, or NULL after a message. */
static const json_t *get_list(const json_t *json, const char *key, size_t max,
			      const char *name)
{
	const json_t *list = json_object_get(json, key);

	if (!json_is_array(list)) {
		log_error(0, "%s: has no list '%s'", name, key);
		return NULL;
	}
	if (json_array_size(list) <= max)
		return list;
	log_error(0, "%s: '%s' has %zu items, and at most %zu are allowed",
		  name, key, json_array_size(list), max);
	return NULL;
}

static void set_platform(const json_t *json, bool *ret_has,
			 struct platform *ret)
{
	const char *os, *arch, *variant = NULL;

	/* One that cannot be is as good as none. */
	*ret_has = json_is_object(json) &&
		   !json_unpack((json_t *)json, "{s:s, s:s, s?s}", "os", &os,
				"architecture", &arch, "variant", &variant) &&
		   !platform_set(ret, os, arch, variant);
}

void image_descriptor_release(struct image_descriptor *d)
{
	free(d->type);
	free(d->ref);
	memset(d, 0, sizeof(*d));
}

int image_descriptor_copy(const struct image_descriptor *d,
			  struct image_descriptor *ret)
{
	struct image_descriptor copy = *d;

	copy.type = strdup(d->type);
	copy.ref = d->ref ? strdup(d->ref) : NULL;
	if (!copy.type || (d->ref && !copy.ref)) {
		image_descriptor_release(&copy);
		return -ENOMEM;
	}
	*ret = copy;
	return 0;
}

static int read_descriptor(const json_t *json, const char *name,
			   struct image_descriptor *ret)
{
	const char *type, *digest, *ref;
	struct image_descriptor d = { 0 };
	json_int_t size;

	if (!json_is_object(json) ||
	    json_unpack((json_t *)json, "{s:s, s:s, s:I}", "mediaType", &type,
			"digest", &digest, "size", &size) || size < 0)
		return bad(name, "a descriptor in it lacks mediaType, digest or size");
	if (blob_digest_parse(digest, &d.digest)) {
		log_error(0, "%s: '%.160s' in it is not a digest", name, digest);
		return -EBADMSG;
	}
	d.size = (uint64_t)size;
	d.media = media_of(type);
	set_platform(json_object_get(json, "platform"), &d.has_platform,
		     &d.platform);
	ref = json_string_value(json_object_get(
		json_object_get(json, "annotations"), REF_NAME));
	d.type = strdup(type);
	d.ref = ref ? strdup(ref) : NULL;
	if (!d.type || (ref && !d.ref)) {
		image_descriptor_release(&d);
		return no_memory(name);
	}
	*ret = d;
	return 0;
}

void image_list_release(struct image_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		image_descriptor_release(&l->at[i]);
	free(l->at);
	l->at = NULL;
	l->n = 0;
}

static int read_descriptors(const json_t *list, const char *name,
			    struct image_list *ret)
{
	size_t n = json_array_size(list);
	struct image_list l = { calloc(n + 1, sizeof(*l.at)), 0 };
	int r = 0;

	if (!l.at)
		return no_memory(name);
	for (; l.n < n && !r; l.n += !r)
		r = read_descriptor(json_array_get(list, l.n), name,
				    &l.at[l.n]);
	if (r)
		image_list_release(&l);
	else
		*ret = l;
	return r;
}

/*
 * Whoever digests a document must read the same as we: what could be read as
 * an index and as a manifest, or calls itself other than its descriptor does,
 * is refused (as the image specification asks).
 */
static int check_kind(const json_t *json, const char *name,
		      enum image_media media)
{
	const json_t *type = json_object_get(json, "mediaType");
	const json_t *version = json_object_get(json, "schemaVersion");

	if (!json_is_object(json))
		return bad(name, "is not a JSON object");
	if (json_integer_value(version) != 2)
		return bad(name, "its schemaVersion is not 2");
	if (type && media_of(json_is_string(type) ? json_string_value(type)
						  : "") != media)
		return bad(name, "its mediaType is not the one that it is referred to by");
	if (json_object_get(json, "manifests") &&
	    (json_object_get(json, "layers") ||
	     json_object_get(json, "config")))
		return bad(name, "is an index and a manifest at once");
	return 0;
}

int image_json_index(const struct bytes *text, const char *name,
		     struct image_list *ret)
{
	const json_t *list;
	json_t *json;
	int r = load(text, name, &json);

	if (r)
		return r;
	r = check_kind(json, name, IMAGE_INDEX);
	if (!r) {
		list = get_list(json, "manifests", IMAGE_LIST_MAX, name);
		r = list ? read_descriptors(list, name, ret) : -EBADMSG;
	}
	json_decref(json);
	return r;
}

void image_manifest_release(struct image_manifest *m)
{
	image_descriptor_release(&m->config);
	image_list_release(&m->layers);
}

static int read_manifest(const json_t *json, const char *name,
			 struct image_manifest *ret)
{
	struct image_manifest m = { 0 };
	const json_t *list;
	int r = check_kind(json, name, IMAGE_MANIFEST);

	if (r)
		return r;
	list = get_list(json, "layers", IMAGE_LAYERS_MAX, name);
	if (!list)
		return -EBADMSG;
	r = read_descriptor(json_object_get(json, "config"), name, &m.config);
	if (!r)
		r = read_descriptors(list, name, &m.layers);
	if (r)
		image_manifest_release(&m);
	else
		*ret = m;
	return r;
}

int image_json_manifest(const struct bytes *text, const char *name,
			struct image_manifest *ret)
{
	json_t *json;
	int r = load(text, name, &json);

	if (r)
		return r;
	r = read_manifest(json, name, ret);
	json_decref(json);
	return r;
}

void image_facts_release(struct image_facts *f)
{
	free(f->diff_ids);
	f->diff_ids = NULL;
	f->n = 0;
}

static int read_diff_ids(const json_t *list, const char *name,
			 struct image_facts *f)
{
	const json_t *id;
	size_t i;

	f->diff_ids = calloc(json_array_size(list) + 1, sizeof(*f->diff_ids));
	if (!f->diff_ids)
		return no_memory(name);
	json_array_foreach(list, i, id)
		if (!json_is_string(id) ||
		    blob_digest_parse(json_string_value(id), &f->diff_ids[i]))
			return bad(name, "one of its diff_ids is not a digest");
	f->n = json_array_size(list);
	return 0;
}

static int read_facts(const json_t *json, const char *name,
		      struct image_facts *ret)
{
	const json_t *rootfs = json_object_get(json, "rootfs");
	struct image_facts f = { 0 };
	const json_t *list;
	int r;

	if (!json_is_object(rootfs))
		return bad(name, "is not the configuration of an image: it has no 'rootfs'");
	list = get_list(rootfs, "diff_ids", IMAGE_LAYERS_MAX, name);
	if (!list)
		return -EBADMSG;
	set_platform(json, &f.has_platform, &f.platform);
	r = read_diff_ids(list, name, &f);
	if (r)
		image_facts_release(&f);
	else
		*ret = f;
	return r;
}

int image_json_config(const struct bytes *text, const char *name,
		      struct image_facts *ret)
{
	json_t *json;
	int r = load(text, name, &json);

	if (r)
		return r;
	r = read_facts(json, name, ret);
	json_decref(json);
	return r;
}

int image_json_layout(const struct bytes *text, const char *name)
{
	const char *version = NULL;
	json_t *json;
	int r = load(text, name, &json);

	if (r)
		return r;
	/* The specification has one version, and will number another one so. */
	if (json_unpack(json, "{s:s}", "imageLayoutVersion", &version))
		r = bad(name, "has no imageLayoutVersion");
	else if (strncmp(version, "1.", 2)) {
		log_error(0, "%s: an image layout of version %.20s, and 1.0.0 is known",
			  name, version);
		r = -EPROTO;
	}
	json_decref(json);
	return r;
}

int image_list_add(struct bytes *list, const char *word)
{
	if (list->len >= LISTED_MAX)
		return 0;
	return bytes_addf(list, "%s%s", list->len ? ", " : "",
			  list->len + strlen(word) < LISTED_MAX ? word
								: "...");
}
