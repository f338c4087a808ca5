// SPDX-License-Identifier: Apache-2.0
#include "mkimage/export_image.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/bytes.h"

#define OCI_TYPE "application/vnd.oci.image."
#define INDEX_TYPE OCI_TYPE "index.v1+json"
#define REF_NAME "org.opencontainers.image.ref.name"

const char export_image_config_type[] = OCI_TYPE "config.v1+json";
const char export_image_manifest_type[] = OCI_TYPE "manifest.v1+json";

void export_image_digest(const struct sha256 *digest,
			 char out[static EXPORT_DIGEST_MAX])
{
	memcpy(out, "sha256:", 7);
	bytes_to_hex(digest->bytes, sizeof(digest->bytes), out + 7);
}

const char *export_image_layer_type(enum export_compression c)
{
	switch (c) {
	case EXPORT_GZIP:
		return OCI_TYPE "layer.v1.tar+gzip";
	case EXPORT_ZSTD:
		return OCI_TYPE "layer.v1.tar+zstd";
	default:
		return OCI_TYPE "layer.v1.tar";
	}
}

/* This machine's name for itself, as images have it. */
static int set_host_platform(json_t *config)
{
	static const struct {
		const char *machine, *architecture, *variant;
	} known[] = {
		{ "x86_64", "amd64", NULL },  { "aarch64", "arm64", NULL },
		{ "i686", "386", NULL },      { "i586", "386", NULL },
		{ "armv7l", "arm", "v7" },    { "armv6l", "arm", "v6" },
		{ "ppc64le", "ppc64le", NULL },
		{ "loongarch64", "loong64", NULL },
	};
	const char *architecture, *variant = NULL;
	struct utsname u;

	if (uname(&u))
		return -errno;
	architecture = u.machine; /* s390x, riscv64 */
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!strcmp(u.machine, known[i].machine)) {
			architecture = known[i].architecture;
			variant = known[i].variant;
		}
	}
	if (json_object_set_new(config, "architecture",
				json_string(architecture)) ||
	    json_object_set_new(config, "os", json_string("linux")) ||
	    (variant &&
	     json_object_set_new(config, "variant", json_string(variant))))
		return -ENOMEM;
	return 0;
}

static int copy_kept(json_t *config, json_t *kept)
{
	static const char *const keys[] = {
		"created",    "author",	     "architecture", "variant", "os",
		"os.version", "os.features", "config",
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		json_t *value = json_object_get(kept, keys[i]);

		if (value && json_object_set(config, keys[i], value))
			return -ENOMEM;
	}
	return 0;
}

static int set_layer(json_t *config, const char *version,
		     const struct sha256 *diff_id)
{
	char digest[EXPORT_DIGEST_MAX];
	json_t *rootfs, *history;

	export_image_digest(diff_id, digest);
	rootfs = json_pack("{s:s, s:[s]}", "type", "layers", "diff_ids",
			   digest);
	history = json_pack("[{s:o}]", "created_by",
			    json_sprintf("mkstencil export @%s", version));
	/* Takes the references, and a NULL for an error. */
	if (json_object_set_new(config, "rootfs", rootfs)) {
		json_decref(history);
		return -ENOMEM;
	}
	return json_object_set_new(config, "history", history) ? -ENOMEM : 0;
}

json_t *export_image_config(json_t *kept, const char *version,
			    const struct sha256 *diff_id)
{
	json_t *config = json_object();

	if (!config)
		return NULL;
	if ((!json_is_string(json_object_get(kept, "architecture")) &&
	     set_host_platform(config)) ||
	    (kept && copy_kept(config, kept)) ||
	    set_layer(config, version, diff_id)) {
		json_decref(config);
		return NULL;
	}
	return config;
}

static json_t *descriptor(const struct export_blob *b)
{
	char digest[EXPORT_DIGEST_MAX];

	export_image_digest(&b->digest, digest);
	return json_pack("{s:s, s:s, s:I}", "mediaType", b->media_type,
			 "digest", digest, "size", (json_int_t)b->size);
}

json_t *export_image_manifest(const struct export_blob *config,
			      const struct export_blob *layer)
{
	return json_pack("{s:i, s:s, s:o, s:[o]}", "schemaVersion", 2,
			 "mediaType", export_image_manifest_type, "config",
			 descriptor(config), "layers", descriptor(layer));
}

json_t *export_image_index_new(void)
{
	return json_pack("{s:i, s:s, s:[]}", "schemaVersion", 2, "mediaType",
			 INDEX_TYPE, "manifests");
}

static const char *ref_of(json_t *entry)
{
	return json_string_value(json_object_get(
		json_object_get(entry, "annotations"), REF_NAME));
}

int export_image_index_set(json_t *index, const char *ref,
			   const struct export_blob *manifest)
{
	json_t *list = json_object_get(index, "manifests"), *entry;

	if (json_integer_value(json_object_get(index, "schemaVersion")) != 2 ||
	    !json_is_array(list))
		return -EBADMSG;
	for (size_t i = json_array_size(list); i-- > 0;) {
		const char *name = ref_of(json_array_get(list, i));

		if (name && !strcmp(name, ref))
			json_array_remove(list, i);
	}
	entry = descriptor(manifest);
	if (!entry ||
	    json_object_set_new(entry, "annotations",
				json_pack("{s:s}", REF_NAME, ref))) {
		json_decref(entry);
		return -ENOMEM;
	}
	return json_array_append_new(list, entry) ? -ENOMEM : 0;
}
