// SPDX-License-Identifier: Apache-2.0
#include "mkimage/export_oci.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fileio.h"
#include "base/log.h"
#include "mkimage/export_dest.h"
#include "mkimage/export_file.h"
#include "mkimage/export_image.h"

#define LAYOUT "oci-layout"
#define LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"
#define INDEX "index.json"
#define BLOBS "blobs"
#define SHA256_DIR "blobs/sha256"
#define DOCUMENT_MAX (64 << 20)
#define MAX_MADE 4

struct export_oci {
	const struct export_dest *dest;
	mode_t mode;
	int dirfd, blobsfd;
	/* Directories that were made for this, outermost first: DIR itself is
	 * NULL. */
	bool made_dir, made_blobs, made_sha256;
	struct export_file *layer;
	/* Files made while the lock was held, to be removed if it comes to
	 * nothing. */
	char made[MAX_MADE][SHA256_HEX + sizeof(SHA256_DIR) + 1];
	size_t nmade;
	bool committed;
};

static int failed(const struct export_oci *o, int r, const char *what)
{
	if (r != -EINTR)
		log_error(r, "%s%s%s", o->dest->path, *what ? "/" : "", what);
	return r;
}

static int make_dir(int dirfd, const char *path, mode_t mode, bool *ret_made)
{
	if (!mkdirat(dirfd, path, mode))
		*ret_made = true;
	else if (errno != EEXIST)
		return -errno;
	return 0;
}

static int open_dir(int dirfd, const char *path)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* A document of the layout, or NULL with -ENOENT and others. */
static int read_json(const struct export_oci *o, const char *name,
		     json_t **ret)
{
	_cleanup_bytes struct bytes text = BYTES_INIT;
	int r = fileio_read_file(o->dirfd, name, DOCUMENT_MAX, &text);
	json_t *json;

	if (r)
		return r;
	json = json_loadb(text.data ? text.data : "", text.len, 0, NULL);
	if (!json)
		return -EBADMSG;
	*ret = json;
	return 0;
}

/* Is there nothing in it, but for the blobs of an image in the making? */
static bool is_empty(int dirfd)
{
	_cleanup_dir DIR *dir = NULL;
	struct dirent *e;

	if (fileio_opendir(dirfd, ".", &dir))
		return false;
	while ((e = readdir(dir)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..") &&
		    strcmp(e->d_name, BLOBS))
			return false;
	return true;
}

/* A directory that is something else is not to be made a layout. */
static int check_layout(const struct export_oci *o)
{
	const char *version;
	json_t *layout;
	int r = read_json(o, LAYOUT, &layout);

	if (r == -ENOENT) {
		if (is_empty(o->dirfd))
			return 0;
		log_error(0, "%s: neither empty nor an OCI layout",
			  o->dest->path);
		return -ENOTEMPTY;
	}
	if (r)
		return failed(o, r, LAYOUT);
	version = json_string_value(
		json_object_get(layout, "imageLayoutVersion"));
	if (!version || strncmp(version, "1.", 2)) {
		log_error(0, "%s/%s: not version 1 of the layout",
			  o->dest->path, LAYOUT);
		r = -EPROTO;
	}
	json_decref(layout);
	return r;
}

/* The index with our entry. */
static int new_index(const struct export_oci *o,
		     const struct export_blob *manifest, json_t **ret)
{
	json_t *index = NULL;
	int r = read_json(o, INDEX, &index);

	if (r == -ENOENT) {
		index = export_image_index_new();
		r = index ? 0 : -ENOMEM;
	}
	if (!r)
		r = export_image_index_set(index, o->dest->ref, manifest);
	if (r) {
		json_decref(index);
		return r == -EBADMSG ? (log_error(0, "%s/%s: not an OCI index",
						  o->dest->path, INDEX), r)
				     : failed(o, r, INDEX);
	}
	*ret = index;
	return 0;
}

/* Before the long work: can the index be read? */
static int check_index(const struct export_oci *o)
{
	static const struct export_blob none = { "", { { 0 } }, 0 };
	json_t *index;
	int r = new_index(o, &none, &index);

	if (!r)
		json_decref(index);
	return r;
}

static int open_layout(struct export_oci *o)
{
	mode_t mode = 0777 & (o->mode | (o->mode & 0444) >> 2);
	int r = make_dir(AT_FDCWD, o->dest->path, mode, &o->made_dir);

	if (r)
		return failed(o, r, "");
	o->dirfd = open_dir(AT_FDCWD, o->dest->path);
	if (o->dirfd < 0)
		return failed(o, o->dirfd, "");
	r = check_layout(o);
	if (!r)
		r = check_index(o);
	if (r)
		return r;
	r = make_dir(o->dirfd, BLOBS, mode, &o->made_blobs);
	if (!r)
		r = make_dir(o->dirfd, SHA256_DIR, mode, &o->made_sha256);
	if (!r) {
		o->blobsfd = open_dir(o->dirfd, SHA256_DIR);
		r = o->blobsfd < 0 ? o->blobsfd : 0;
	}
	if (!r)
		r = export_file_new(&o->layer, o->blobsfd, o->mode);
	return r ? failed(o, r, SHA256_DIR) : 0;
}

int export_oci_open(struct export_oci **ret, const struct export_dest *dest,
		    mode_t mode)
{
	struct export_oci *o = calloc(1, sizeof(*o));
	int r;

	if (!o) {
		log_error(-ENOMEM, "%s", dest->path);
		return -ENOMEM;
	}
	o->dest = dest;
	o->mode = mode;
	o->dirfd = o->blobsfd = -1;
	r = open_layout(o);
	if (r) {
		export_oci_free(o);
		return r;
	}
	*ret = o;
	return 0;
}

/* What was made for an image that did not come about.  A directory stays if
 * somebody else has put something into it. */
static void undo(struct export_oci *o)
{
	while (o->nmade)
		(void)unlinkat(o->dirfd, o->made[--o->nmade], 0);
	if (o->made_sha256)
		(void)unlinkat(o->dirfd, SHA256_DIR, AT_REMOVEDIR);
	if (o->made_blobs)
		(void)unlinkat(o->dirfd, BLOBS, AT_REMOVEDIR);
	if (o->made_dir)
		(void)rmdir(o->dest->path);
}

void export_oci_free(struct export_oci *o)
{
	if (!o)
		return;
	export_file_free(o->layer);
	if (!o->committed)
		undo(o);
	cleanup_fd(&o->blobsfd);
	cleanup_fd(&o->dirfd);
	free(o);
}

int export_oci_fd(const struct export_oci *o)
{
	return export_file_fd(o->layer);
}

/* Is there a whole blob of this name? */
static bool has_blob(const struct export_oci *o, const char *hex,
		     uint64_t size)
{
	struct stat st;

	return !fstatat(o->blobsfd, hex, &st, AT_SYMLINK_NOFOLLOW) &&
	       S_ISREG(st.st_mode) && (uint64_t)st.st_size == size;
}

static void note_made(struct export_oci *o, const char *dir, const char *name)
{
	snprintf(o->made[o->nmade++], sizeof(o->made[0]), "%s%s", dir, name);
}

/* Adds a document as a blob.  Drops the reference; NULL is for no memory. */
static int put_document(struct export_oci *o, json_t *json, const char *type,
			struct export_blob *ret)
{
	_cleanup_free char *text = json ? json_dumps(json, JSON_COMPACT)
					: NULL;
	char hex[SHA256_HEX + 1];
	size_t len;
	int r;

	json_decref(json);
	if (!text)
		return -ENOMEM;
	len = strlen(text);
	*ret = (struct export_blob){ .media_type = type, .size = len };
	r = sha256_of(text, len, &ret->digest);
	if (r)
		return r;
	bytes_to_hex(ret->digest.bytes, sizeof(ret->digest.bytes), hex);
	if (has_blob(o, hex, len))
		return 0;
	r = fileio_write_file(o->blobsfd, hex, text, len, o->mode);
	if (!r)
		note_made(o, SHA256_DIR "/", hex);
	return r;
}

static int put_layer(struct export_oci *o, const struct export_sums *sums,
		     struct export_blob *ret)
{
	char hex[SHA256_HEX + 1];
	int r;

	ret->media_type = export_image_layer_type(o->dest->compression);
	ret->digest = sums->written;
	ret->size = sums->written_size;
	bytes_to_hex(sums->written.bytes, sizeof(sums->written.bytes), hex);
	if (has_blob(o, hex, sums->written_size))
		return 0;
	r = export_file_commit(o->layer, hex);
	if (!r)
		note_made(o, SHA256_DIR "/", hex);
	return r;
}

static int put_layout(struct export_oci *o)
{
	int r;

	if (!faccessat(o->dirfd, LAYOUT, F_OK, 0))
		return 0;
	r = fileio_write_file(o->dirfd, LAYOUT, LAYOUT_TEXT,
			      strlen(LAYOUT_TEXT), o->mode);
	if (!r)
		note_made(o, "", LAYOUT);
	return r;
}

static int put_index(struct export_oci *o, const struct export_blob *manifest)
{
	_cleanup_free char *text = NULL;
	json_t *index;
	int r = new_index(o, manifest, &index);

	if (r)
		return r;
	text = json_dumps(index, JSON_COMPACT);
	json_decref(index);
	r = text ? fileio_write_file(o->dirfd, INDEX, text, strlen(text),
				     o->mode)
		 : -ENOMEM;
	return r ? failed(o, r, INDEX) : 0;
}

/* DIR's own name, if it is new. */
static int sync_parent(const struct export_oci *o)
{
	_cleanup_fd int fd = o->made_dir ? open_dir(o->dirfd, "..") : -1;

	if (!o->made_dir)
		return 0;
	if (fd < 0)
		return fd;
	return fsync(fd) ? -errno : 0;
}

static int put_image(struct export_oci *o, const struct export_sums *sums,
		     json_t *kept, const char *version,
		     struct export_oci_image *ret)
{
	struct export_blob layer, config, manifest;
	int r = put_layer(o, sums, &layer);

	if (!r)
		r = put_document(o,
				 export_image_config(kept, version,
						     &sums->plain),
				 export_image_config_type, &config);
	if (!r)
		r = put_document(o, export_image_manifest(&config, &layer),
				 export_image_manifest_type, &manifest);
	if (!r)
		r = sync_parent(o);
	if (r)
		return failed(o, r, SHA256_DIR);
	r = put_layout(o);
	if (r)
		return failed(o, r, LAYOUT);
	r = put_index(o, &manifest);
	if (r)
		return r;
	ret->manifest = manifest.digest;
	ret->config = config.digest;
	return 0;
}

int export_oci_commit(struct export_oci *o, const struct export_sums *layer,
		      json_t *kept, const char *version,
		      struct export_oci_image *ret)
{
	struct export_oci_image image;
	int r;

	if (flock(o->dirfd, LOCK_EX))
		return failed(o, -errno, "");
	r = put_image(o, layer, kept, version, &image);
	/* While nobody else can build on what goes again. */
	if (r)
		undo(o);
	flock(o->dirfd, LOCK_UN);
	if (r)
		return r;
	o->committed = true;
	*ret = image;
	return 0;
}
