// SPDX-License-Identifier: Apache-2.0
#include "mkimage/export_tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/manifest.h"
#include "mkimage/export_data.h"
#include "mkimage/export_stream.h"
#include "mkimage/progress.h"
#include "mkimage/stop.h"

#define NSEC_PER_SEC 1000000000
#define CHUNK (1 << 20)
/* libarchive reads no larger header of attributes than 1 MiB. */
#define ATTRIBUTES_MAX ((1u << 20) - (64u << 10))
#define WHITEOUT ".wh."

struct writer {
	const struct export_tree *tree;
	struct archive *archive;
	struct archive_entry *entry;
	struct export_data *data;
	struct export_stream *out;
	struct progress *progress;
	int error; /* of `out` */
};

static int damaged(const struct export_tree *t, const char *path)
{
	log_error(0, "%s: is not what the manifest of %.12s says: the template is damaged",
		  path, t->version);
	return -EBADMSG;
}

static int failed(int r, const char *path)
{
	if (r != -EINTR)
		log_error(r, "%s", path);
	return r;
}

/*
 * The manifest, from its beginning: calls fn for each entry.
 */
static int each_entry(const struct export_tree *t,
		      int (*fn)(const struct manifest_entry *e, void *arg),
		      void *arg)
{
	int fd = dup(t->manifestfd);
	_cleanup_file FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	struct manifest_reader *reader = NULL;
	struct manifest_entry e;
	int r;

	if (!f || fseeko(f, 0, SEEK_SET)) {
		r = -errno;
		if (!f && fd >= 0)
			close(fd);
		return failed(r, "the manifest");
	}
	r = manifest_reader_new(&reader, f);
	if (r)
		return failed(r, "the manifest");
	while ((r = manifest_reader_next(reader, &e)) > 0) {
		r = fn(&e, arg);
		manifest_entry_release(&e);
		if (!r)
			r = stop_requested();
		if (r)
			goto out;
	}
	if (r)
		log_error(r, "the manifest, line %lu",
			  manifest_reader_line(reader));
out:
	manifest_reader_free(reader);
	return r;
}

static int check_digest(const struct export_tree *t)
{
	_cleanup_free char *buffer = malloc(CHUNK);
	struct digest_ctx *digest = NULL;
	char hex[SHA256_HEX + 1];
	struct sha256 sum;
	off_t pos = 0;
	ssize_t n = 0;
	int r = buffer ? digest_new(&digest, DIGEST_SHA256) : -ENOMEM;

	while (!r && (n = pread(t->manifestfd, buffer, CHUNK, pos)) > 0) {
		r = digest_update(digest, buffer, (size_t)n);
		pos += n;
	}
	if (!r && n < 0)
		r = -errno;
	if (!r)
		r = digest_final(digest, sum.bytes);
	digest_free(digest);
	if (r)
		return failed(r, "the manifest");
	bytes_to_hex(sum.bytes, sizeof(sum.bytes), hex);
	if (!strcmp(hex, t->version))
		return 0;
	log_error(0, "%.12s: the manifest is not that of this version: the template is damaged",
		  t->version);
	return -EBADMSG;
}

static int check_layer(const struct manifest_entry *e)
{
	const char *name = strrchr(e->path, '/') + 1;

	if (strncmp(name, WHITEOUT, strlen(WHITEOUT)))
		return 0;
	log_error(0, "%s: would delete another name in an image; a tar file can have it",
		  e->path);
	return -EINVAL;
}

/* libarchive writes and reads the sign of a time with its seconds, and 0 has
 * none. */
static int check_time(const struct manifest_entry *e)
{
	if (e->mtime_sec != -1 || !e->mtime_nsec)
		return 0;
	log_error(0, "%s: its time is in the last second of 1969, which no archive can have",
		  e->path);
	return -EOVERFLOW;
}

static int check_attributes(const struct manifest_entry *e)
{
	size_t len = 0;

	for (size_t i = 0; i < e->nxattrs; i++)
		len += 3 * strlen(e->xattrs[i].name) + e->xattrs[i].len;
	if (len <= ATTRIBUTES_MAX)
		return 0;
	log_error(0, "%s: has more attributes than an archive can hold",
		  e->path);
	return -E2BIG;
}

/* In the locale of the thread. */
static bool is_utf8(const char *text)
{
	return mbstowcs(NULL, text, 0) != (size_t)-1;
}

static int check_entry(const struct manifest_entry *e, void *arg)
{
	struct export_tree *t = arg;
	int r = t->is_layer ? check_layer(e) : 0;

	if (!r && !e->hardlink)
		r = check_time(e);
	if (!r)
		r = check_attributes(e);
	if (!is_utf8(e->path) || (e->target && !is_utf8(e->target)))
		t->binary = true;
	if (!e->hardlink && S_ISREG(e->mode))
		t->bytes += e->size;
	return r;
}

/* Calls it where names are UTF-8, whatever the user's locale is. */
static int in_utf8(int (*fn)(void *arg), void *arg)
{
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL), before;
	int r;

	if (!utf8)
		return failed(-errno, "C.UTF-8");
	before = uselocale(utf8);
	r = fn(arg);
	uselocale(before);
	freelocale(utf8);
	return r;
}

static int check_entries(void *arg)
{
	return each_entry(arg, check_entry, arg);
}

int export_tar_check(struct export_tree *t)
{
	int r = check_digest(t);

	t->binary = false;
	t->bytes = 0;
	return r ? r : in_utf8(check_entries, t);
}

/* libarchive's writer. */
static ssize_t write_archive(struct archive *a, void *arg, const void *data,
			     size_t len)
{
	struct writer *w = arg;

	w->error = export_stream_write(w->out, data, len);
	if (!w->error)
		return (ssize_t)len;
	archive_set_error(a, -w->error, "%s", strerror(-w->error));
	return -1;
}

/* What libarchive says, or what our own writer told it. */
static int archive_failed(const struct writer *w, const char *path)
{
	const char *text = archive_error_string(w->archive);

	if (w->error)
		return failed(w->error, w->tree->dest);
	log_error(0, "%s: %s", path, text ? text : "cannot be written");
	return archive_errno(w->archive) == ENOMEM ? -ENOMEM : -EIO;
}

/*
 * Seconds and nanoseconds as libarchive writes them, digits with one sign in
 * front: -1.25 is -1 and 0.25 there, and -2 and 0.75 in a manifest.
 */
static void set_mtime(struct archive_entry *ae, const struct manifest_entry *e)
{
	if (e->mtime_sec < 0 && e->mtime_nsec)
		archive_entry_set_mtime(ae, e->mtime_sec + 1,
					NSEC_PER_SEC - (long)e->mtime_nsec);
	else
		archive_entry_set_mtime(ae, e->mtime_sec, (long)e->mtime_nsec);
}

/*
 * ACLs go as the attributes that the kernel keeps them in.  libarchive could
 * write them as text, and then gives the header the group's permissions in
 * place of the mask's, for which extractors that set the mode last take it.
 */
static void describe(struct archive_entry *ae, const struct manifest_entry *e)
{
	archive_entry_clear(ae);
	archive_entry_copy_pathname(ae, e->path[1] ? e->path + 1 : ".");
	archive_entry_set_mode(ae, e->mode);
	archive_entry_set_uid(ae, e->uid);
	archive_entry_set_gid(ae, e->gid);
	set_mtime(ae, e);
	/* Also with a hard link: some extractors apply them anew. */
	for (size_t i = 0; i < e->nxattrs; i++)
		archive_entry_xattr_add_entry(ae, e->xattrs[i].name,
					      e->xattrs[i].value,
					      e->xattrs[i].len);
	archive_entry_set_size(ae, 0);
	if (e->hardlink)
		archive_entry_copy_hardlink(ae, e->target + 1);
	else if (S_ISREG(e->mode))
		archive_entry_set_size(ae, (int64_t)e->size);
	else if (S_ISLNK(e->mode))
		archive_entry_copy_symlink(ae, e->target);
	else if (S_ISCHR(e->mode) || S_ISBLK(e->mode))
		archive_entry_set_rdev(ae, e->rdev);
}

static int write_entry(const struct manifest_entry *e, void *arg)
{
	bool has_data = !e->hardlink && S_ISREG(e->mode), of_archive = false;
	struct writer *w = arg;
	int r;

	describe(w->entry, e);
	if (has_data) {
		r = export_data_open(w->data, e);
		if (r == -EBADMSG || r == -ENOENT || r == -ELOOP)
			return damaged(w->tree, e->path);
		if (r)
			return failed(r, e->path);
		export_data_describe(w->data, w->entry);
	}
	/* A warning would be of something that is not as it was. */
	if (archive_write_header(w->archive, w->entry) != ARCHIVE_OK)
		return archive_failed(w, e->path);
	if (has_data) {
		r = export_data_write(w->data, w->archive, &of_archive);
		if (of_archive)
			return archive_failed(w, e->path);
		if (r == -EBADMSG)
			return damaged(w->tree, e->path);
		if (r)
			return failed(r, e->path);
		progress_add(w->progress, 1, 0);
	}
	return 0;
}

static int open_archive(struct writer *w)
{
	struct archive *a = w->archive = archive_write_new();
	int r = export_data_new(&w->data, w->tree->rootfd, w->progress);

	w->entry = archive_entry_new();
	if (r || !a || !w->entry)
		return failed(-ENOMEM, w->tree->dest);
	/* With names that are not UTF-8 all are written as they are. */
	if (archive_write_set_format_pax(a) != ARCHIVE_OK ||
	    archive_write_set_format_option(a, "pax", "xattrheader",
					    "SCHILY") != ARCHIVE_OK ||
	    (w->tree->binary &&
	     archive_write_set_format_option(a, "pax", "hdrcharset",
					     "BINARY") != ARCHIVE_OK) ||
	    archive_write_set_bytes_per_block(a, CHUNK) != ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(a, 1) != ARCHIVE_OK ||
	    archive_write_open(a, w, NULL, write_archive, NULL) != ARCHIVE_OK)
		return archive_failed(w, w->tree->dest);
	return 0;
}

static int write_all(void *arg)
{
	struct writer *w = arg;
	int r = open_archive(w);

	if (!r)
		r = each_entry(w->tree, write_entry, w);
	if (!r && archive_write_close(w->archive) != ARCHIVE_OK)
		r = archive_failed(w, w->tree->dest);
	if (r && w->archive)
		archive_write_fail(w->archive);
	archive_write_free(w->archive);
	archive_entry_free(w->entry);
	export_data_free(w->data);
	return r;
}

int export_tar_write(const struct export_tree *t, struct export_stream *out,
		     struct progress *p)
{
	struct writer w = { .tree = t, .out = out, .progress = p };

	return in_utf8(write_all, &w);
}
