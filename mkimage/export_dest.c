// SPDX-License-Identifier: Apache-2.0
#include "mkimage/export_dest.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"

#define OCI "oci:"

static const struct suffix {
	const char *text;
	enum export_compression compression;
} suffixes[] = {
	{ ".tar", EXPORT_PLAIN },     { ".tar.gz", EXPORT_GZIP },
	{ ".tgz", EXPORT_GZIP },      { ".tar.zst", EXPORT_ZSTD },
	{ ".tar.xz", EXPORT_XZ },     { ".txz", EXPORT_XZ },
	{ ".tar.bz2", EXPORT_BZIP2 }, { ".tbz2", EXPORT_BZIP2 },
};

/* The image specification's grammar: letters and digits, with single
 * separators between them. */
static bool ref_ok(const char *ref)
{
	bool separated = true;

	for (const char *p = ref; *p; p++) {
		if (isalnum((unsigned char)*p)) {
			separated = false;
			continue;
		}
		if (p[0] == '-' && p[1] == '-' && !separated)
			p++;
		if (separated || !strchr("-._:@+/", *p))
			return false;
		separated = true;
	}
	return !separated;
}

static int parse_oci(const char *text, struct export_dest *d)
{
	const char *path = text + strlen(OCI);
	size_t len = strcspn(path, ":");
	const char *ref = path[len] ? path + len + 1 : EXPORT_DEFAULT_REF;

	if (!len || !ref_ok(ref)) {
		log_error(0,
			  "%s: oci:DIR[:REF] is wanted, REF of letters, digits and separators",
			  text);
		return -EINVAL;
	}
	d->kind = EXPORT_OCI;
	d->path = strndup(path, len);
	d->ref = strdup(ref);
	d->compression = EXPORT_GZIP;
	return d->path && d->ref ? 0 : -ENOMEM;
}

/* "docker-archive:" and the like: not a file's name by mistake. */
static bool has_kind(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz-");

	return len && text[len] == ':';
}

static int parse_file(const char *text, struct export_dest *d)
{
	size_t len = has_kind(text) ? 0 : strlen(text);

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		size_t n = strlen(suffixes[i].text);

		if (len <= n || strcmp(text + len - n, suffixes[i].text))
			continue;
		d->kind = EXPORT_FILE;
		d->compression = suffixes[i].compression;
		d->path = strdup(text);
		return d->path ? 0 : -ENOMEM;
	}
	log_error(0, "%s: a destination is FILE.tar[.gz|.zst|.xz|.bz2], - or oci:DIR[:REF]",
		  text);
	return -EINVAL;
}

static int set_compression(const char *text, const char *compress,
			   struct export_dest *d)
{
	if (!compress)
		return 0;
	if (d->kind == EXPORT_FILE) {
		log_error(0, "%s: its name says how it is compressed: --compress is for - and oci:",
			  text);
		return -EINVAL;
	}
	if (export_stream_parse(compress, &d->compression)) {
		log_error(0, "--compress=%s: none, gzip, zstd, xz or bzip2 is wanted",
			  compress);
		return -EINVAL;
	}
	if (d->kind == EXPORT_OCI && d->compression > EXPORT_ZSTD) {
		log_error(0, "--compress=%s: a layer of an image has none, gzip or zstd",
			  compress);
		return -EINVAL;
	}
	return 0;
}

int export_dest_parse(const char *text, const char *compress,
		      struct export_dest *ret)
{
	struct export_dest d = { .kind = EXPORT_STDOUT };
	int r = 0;

	if (!strncmp(text, OCI, strlen(OCI)))
		r = parse_oci(text, &d);
	else if (strcmp(text, "-"))
		r = parse_file(text, &d);
	if (!r)
		r = set_compression(text, compress, &d);
	if (r)
		export_dest_release(&d);
	else
		*ret = d;
	return r;
}

void export_dest_release(struct export_dest *d)
{
	free(d->path);
	free(d->ref);
	memset(d, 0, sizeof(*d));
}
