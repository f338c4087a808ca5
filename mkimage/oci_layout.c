// SPDX-License-Identifier: Apache-2.0
#include "mkimage/oci_layout.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "base/log.h"
#include "mkimage/source.h"

#define INDEX_DEPTH 4
#define INDEXES_MAX 100

static int failed(int r, const char *what)
{
	log_error(r, "%s", what);
	return r;
}

void oci_layout_release(struct oci_layout *l)
{
	if (!l->path)
		return;
	if (l->dirfd >= 0)
		close(l->dirfd);
	free(l->path);
	l->path = NULL;
}

/* A document right below the directory. */
static int read_document(const struct oci_layout *l, const char *name,
			 struct bytes *ret)
{
	int r = fileio_read_file(l->dirfd, name, IMAGE_JSON_MAX, ret);

	if (r == -ENOENT || r == -ENOTDIR)
		log_error(0, "%s: not an OCI image layout, it has no %s",
			  l->path, name);
	else if (r)
		log_error(r, "%s/%s", l->path, name);
	return r;
}

int oci_layout_init(struct oci_layout *l, const char *text,
		    const char **ret_ref)
{
	_cleanup_bytes struct bytes version = BYTES_INIT;
	_cleanup_free char *path = NULL;
	int r = source_split(text, &path, ret_ref);

	if (r)
		return failed(r, text);
	l->dirfd = -1;
	l->path = realpath(path, NULL);
	if (!l->path)
		return failed(-errno, path);
	l->dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->dirfd < 0)
		return failed(-errno, path);
	r = read_document(l, "oci-layout", &version);
	return r ? r : image_json_layout(&version, "oci-layout");
}

static int open_step(int dirfd, const char *name, int flags)
{
	int fd = openat(dirfd, name,
			flags | O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY |
				O_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

static int open_blob(const struct oci_layout *l, const struct blob_digest *d)
{
	const char *hex = strchr(d->text, ':') + 1;
	char algorithm[BLOB_DIGEST_SIZE];
	_cleanup_fd int blobs = -1, dir = -1;

	snprintf(algorithm, sizeof(algorithm), "%.*s",
		 (int)(hex - 1 - d->text), d->text);
	blobs = open_step(l->dirfd, "blobs", O_DIRECTORY);
	if (blobs < 0)
		return blobs;
	dir = open_step(blobs, algorithm, O_DIRECTORY);
	if (dir < 0)
		return dir;
	return open_step(dir, hex, 0);
}

int oci_layout_open_blob(const struct oci_layout *l,
			 const struct image_descriptor *d,
			 struct stream **ret)
{
	const char *name = d->digest.text;
	_cleanup_fd int fd = open_blob(l, &d->digest);
	struct stream *file;
	struct stat st;
	int r;

	if (fd < 0)
		return failed(fd, name);
	if (fstat(fd, &st))
		return failed(-errno, name);
	if (!S_ISREG(st.st_mode)) {
		log_error(0, "%s: is not a regular file", name);
		return -EBADMSG;
	}
	/* Known before anything is read; blob_verify() knows it for sure. */
	if ((uint64_t)st.st_size != d->size) {
		log_error(0, "%s: has %jd bytes, not the %" PRIu64 " that it should have",
			  name, (intmax_t)st.st_size, d->size);
		return -EBADMSG;
	}
	r = stream_open_file(take_fd(&fd), name, &file);
	return r ? r : blob_verify(file, &d->digest, d->size, name, ret);
}

int oci_layout_read_blob(const struct oci_layout *l,
			 const struct image_descriptor *d, struct bytes *ret)
{
	struct stream *stream;
	int r;

	if (d->size > IMAGE_JSON_MAX) {
		log_error(0, "%s: %" PRIu64 " bytes of JSON are too many",
			  d->digest.text, d->size);
		return -EFBIG;
	}
	r = oci_layout_open_blob(l, d, &stream);
	if (r)
		return r;
	r = stream_read_all(stream, IMAGE_JSON_MAX, d->digest.text, ret);
	stream_close(stream);
	return r;
}

/* What is looked for, and what was met. */
struct search {
	const struct oci_layout *layout;
	const struct platform *want;
	bool asked; /* for that platform, and for no other */
	unsigned int indexes;
	size_t images, unplaced; /* the latter do not say their platform */
	int score;		 /* of the best */
	/* Each with a NULL type where there is none. */
	struct image_descriptor best, first, first_unplaced;
	struct bytes platforms; /* for messages */
};

static int keep(struct image_descriptor *at, const struct image_descriptor *d)
{
	image_descriptor_release(at);
	return image_descriptor_copy(d, at);
}

static int consider(struct search *s, const struct image_descriptor *d)
{
	char text[PLATFORM_TEXT];
	int score, r = 0;

	/* What is attached to images, like signatures, is listed so. */
	if (d->has_platform && !strcmp(d->platform.os, "unknown"))
		return 0;
	if (!s->images++)
		r = keep(&s->first, d);
	if (!r && !d->has_platform)
		return s->unplaced++ ? 0 : keep(&s->first_unplaced, d);
	if (r)
		return r;
	platform_format(&d->platform, text);
	r = image_list_add(&s->platforms, text);
	score = platform_match(s->want, &d->platform);
	if (!r && score > s->score) {
		s->score = score;
		r = keep(&s->best, d);
	}
	return r;
}

static int walk(struct search *s, const struct image_descriptor *d, int depth)
{
	_cleanup_bytes struct bytes text = BYTES_INIT;
	struct image_list list;
	int r;

	if (d->media == IMAGE_MANIFEST) {
		r = consider(s, d);
		return r ? failed(r, d->digest.text) : 0;
	}
	/* Readers are to pass over what they do not know. */
	if (d->media != IMAGE_INDEX)
		return 0;
	if (depth == INDEX_DEPTH || s->indexes++ == INDEXES_MAX) {
		log_error(0, "%s: too many indexes in indexes", d->digest.text);
		return -EBADMSG;
	}
	r = oci_layout_read_blob(s->layout, d, &text);
	if (!r)
		r = image_json_index(&text, d->digest.text, &list);
	if (r)
		return r;
	for (size_t i = 0; i < list.n && !r; i++)
		r = walk(s, &list.at[i], depth + 1);
	image_list_release(&list);
	return r;
}

static int choose(struct search *s, struct image_descriptor *ret)
{
	struct image_descriptor *d = NULL;
	char text[PLATFORM_TEXT];

	if (s->score)
		d = &s->best;
	else if (s->unplaced == 1) /* its configuration will tell */
		d = &s->first_unplaced;
	else if (s->images == 1 && !s->asked)
		d = &s->first;
	if (d) {
		*ret = *d;
		memset(d, 0, sizeof(*d));
		return 0;
	}
	platform_format(s->want, text);
	if (!s->images)
		log_error(0, "%s: has no image", s->layout->path);
	else if (s->unplaced)
		log_error(0, "%s: has %zu images of no platform: name one by its digest",
			  s->layout->path, s->unplaced);
	else
		log_error(0, "%s: has no image for %s, but for %s",
			  s->layout->path, text, s->platforms.data);
	return -ENOENT;
}

static bool names(const struct image_descriptor *d, const char *ref)
{
	return (d->ref && !strcmp(d->ref, ref)) || !strcmp(d->digest.text, ref);
}

/* Without a name all in the index must have the same one, or none. */
static bool is_one(const struct image_list *l)
{
	for (size_t i = 1; i < l->n; i++) {
		const char *a = l->at[0].ref, *b = l->at[i].ref;

		if (!a != !b || (a && strcmp(a, b)))
			return false;
	}
	return true;
}

static int refuse_ref(const struct oci_layout *l, const char *ref,
		      const struct image_list *list)
{
	_cleanup_bytes struct bytes refs = BYTES_INIT;

	for (size_t i = 0; i < list->n; i++) {
		const struct image_descriptor *d = &list->at[i];
		int r = image_list_add(&refs, d->ref ? d->ref : d->digest.text);

		if (r)
			return failed(r, l->path);
	}
	if (ref)
		log_error(0, "%s: has no image '%s', but: %s", l->path, ref,
			  refs.data ? refs.data : "none");
	else
		log_error(0, "%s: has several images, name one of: %s", l->path,
			  refs.data);
	return -ENOENT;
}

static int walk_named(struct search *s, const struct image_list *list,
		      const char *ref)
{
	bool met = false;
	int r = 0;

	if (!ref && !is_one(list))
		return refuse_ref(s->layout, NULL, list);
	for (size_t i = 0; i < list->n && !r; i++) {
		if (ref && !names(&list->at[i], ref))
			continue;
		met = true;
		r = walk(s, &list->at[i], 0);
	}
	return r || met || !ref ? r : refuse_ref(s->layout, ref, list);
}

int oci_layout_find(const struct oci_layout *l, const char *ref,
		    const struct platform *platform,
		    struct image_descriptor *ret)
{
	struct search s = { .layout = l, .want = platform,
			    .asked = platform != NULL };
	_cleanup_bytes struct bytes text = BYTES_INIT;
	struct platform host;
	struct image_list list;
	int r = read_document(l, "index.json", &text);

	if (!r)
		r = image_json_index(&text, "index.json", &list);
	if (r)
		return r;
	platform_host(&host);
	if (!platform)
		s.want = &host;
	r = walk_named(&s, &list, ref);
	if (!r)
		r = choose(&s, ret);
	image_list_release(&list);
	image_descriptor_release(&s.best);
	image_descriptor_release(&s.first);
	image_descriptor_release(&s.first_unplaced);
	bytes_release(&s.platforms);
	return r;
}
