// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/store.h"
#include "mkimage/catalog.h"
#include "mkimage/cmd.h"
#include "mkimage/export_dest.h"
#include "mkimage/export_file.h"
#include "mkimage/export_image.h"
#include "mkimage/export_oci.h"
#include "mkimage/export_stream.h"
#include "mkimage/export_tar.h"
#include "mkimage/image_config.h"
#include "mkimage/progress.h"
#include "mkimage/stop.h"

struct export {
	const struct cmd_context *context;
	const char *text; /* of DEST */
	const struct template_ref *ref;
	struct export_dest dest;
	mode_t mode; /* of what is made */
	int storefd, dirfd;
	struct export_tree tree;
	struct progress progress;
	struct export_sums sums;
	struct export_oci_image image;
};

static int failed(const struct export *x, int r)
{
	if (r != -EINTR)
		log_error(r, "%s", x->text);
	return r;
}

/* The archive, to fd. */
static int write_archive(struct export *x, int fd)
{
	struct export_stream *out;
	int r = export_stream_new(&out, fd, x->dest.compression);

	if (r)
		return failed(x, r);
	r = export_tar_write(&x->tree, out, &x->progress);
	if (!r) {
		progress_phase(&x->progress, "writing them to disk");
		r = export_stream_finish(out, &x->sums);
		if (r)
			failed(x, r);
	}
	export_stream_free(out);
	return r;
}

/* The file that is to be replaced, not a link to it: its whole path, or that
 * of a file to come. */
static int resolve_file(const struct export *x, char path[static PATH_MAX])
{
	struct stat st;

	if (!realpath(x->dest.path, path)) {
		if (errno != ENOENT || strlen(x->dest.path) >= PATH_MAX)
			return failed(x, -errno);
		memcpy(path, x->dest.path, strlen(x->dest.path) + 1);
		return 0;
	}
	if (stat(path, &st))
		return failed(x, -errno);
	if (S_ISREG(st.st_mode))
		return 0;
	log_error(0, "%s: there is something that is no file", x->text);
	return -EEXIST;
}

static int to_file(struct export *x)
{
	char path[PATH_MAX], copy[PATH_MAX];
	_cleanup_fd int dirfd = -1;
	struct export_file *file;
	int r = resolve_file(x, path);

	if (r)
		return r;
	memcpy(copy, path, strlen(path) + 1);
	dirfd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return failed(x, -errno);
	r = export_file_new(&file, dirfd, x->mode);
	if (r)
		return failed(x, r);
	r = write_archive(x, export_file_fd(file));
	if (!r) {
		memcpy(copy, path, strlen(path) + 1);
		r = export_file_commit(file, basename(copy));
		if (r)
			failed(x, r);
	}
	export_file_free(file);
	return r;
}

/* Of the image that the template was built from; NULL if of none. */
static int read_config(const struct export *x, json_t **ret)
{
	_cleanup_bytes struct bytes text = BYTES_INIT;
	int r = image_config_read(x->dirfd, &text);

	if (r == -ENOENT)
		return 0;
	if (!r)
		r = image_config_parse(&text, ret);
	if (r)
		log_error(r, "%s: the configuration of its image",
			  x->ref->name);
	return r;
}

static int to_oci(struct export *x)
{
	struct export_oci *oci;
	json_t *kept = NULL;
	int r = read_config(x, &kept);

	if (r)
		return r;
	r = export_oci_open(&oci, &x->dest, x->mode);
	if (!r) {
		r = write_archive(x, export_oci_fd(oci));
		if (!r)
			r = export_oci_commit(oci, &x->sums, kept,
					      x->ref->version, &x->image);
		export_oci_free(oci);
	}
	json_decref(kept);
	return r;
}

static int open_at(int dirfd, const char *name, int flags)
{
	int fd = openat(dirfd, name,
			O_RDONLY | O_NOFOLLOW | O_CLOEXEC | flags);

	return fd < 0 ? -errno : fd;
}

static int open_template(struct export *x)
{
	_cleanup_free char *path = template_path(x->ref->name,
						 x->ref->version);
	int r = path ? open_at(x->storefd, path, O_DIRECTORY) : -ENOMEM;

	if (r >= 0) {
		x->dirfd = r;
		r = open_at(x->dirfd, "root", O_DIRECTORY);
	}
	if (r >= 0) {
		x->tree.rootfd = r;
		r = open_at(x->dirfd, "manifest", 0);
	}
	if (r < 0) {
		log_error(r, "%s@%.12s", x->ref->name, x->ref->version);
		return r;
	}
	x->tree.manifestfd = r;
	x->tree.version = x->ref->version;
	x->tree.dest = x->text;
	x->tree.is_layer = x->dest.kind == EXPORT_OCI;
	return 0;
}

static int run(struct export *x)
{
	int r = open_template(x);

	if (!r)
		r = export_tar_check(&x->tree);
	if (r)
		return r;
	switch (x->dest.kind) {
	case EXPORT_STDOUT:
		return write_archive(x, STDOUT_FILENO);
	case EXPORT_FILE:
		return to_file(x);
	case EXPORT_OCI:
		return to_oci(x);
	}
	return -EINVAL;
}

static json_t *image_json(const struct export *x)
{
	char layer[EXPORT_DIGEST_MAX], config[EXPORT_DIGEST_MAX];
	char diff_id[EXPORT_DIGEST_MAX];

	export_image_digest(&x->sums.written, layer);
	export_image_digest(&x->sums.plain, diff_id);
	export_image_digest(&x->image.config, config);
	return json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:I}}", "ref",
			 x->dest.ref, "config", config, "layer", "media_type",
			 export_image_layer_type(x->dest.compression),
			 "digest", layer, "diff_id", diff_id, "size",
			 (json_int_t)x->sums.written_size);
}

static int print_json(const struct export *x, const char *digest)
{
	json_t *json, *more;

	json = json_pack("{s:s, s:s, s:s, s:s}", "name", x->ref->name,
			 "version", x->ref->version, "compression",
			 export_stream_name(x->dest.compression), "digest",
			 digest);
	more = x->dest.kind == EXPORT_OCI
		       ? image_json(x)
		       : json_pack("{s:I}", "size",
				   (json_int_t)x->sums.written_size);
	if (json && (!more || json_object_update(json, more))) {
		json_decref(json);
		json = NULL;
	}
	json_decref(more);
	return cmd_print_json(json);
}

static int print(const struct export *x)
{
	bool image = x->dest.kind == EXPORT_OCI;
	char digest[EXPORT_DIGEST_MAX];

	if (x->dest.kind == EXPORT_STDOUT)
		return CMD_OK;
	export_image_digest(image ? &x->image.manifest : &x->sums.written,
			    digest);
	if (x->context->json)
		return print_json(x, digest);
	puts(digest);
	return cmd_flush();
}

static void release(struct export *x)
{
	int *fds[] = { &x->tree.manifestfd, &x->tree.rootfd, &x->dirfd };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		cleanup_fd(fds[i]);
	export_dest_release(&x->dest);
}

static int check_stdout(const struct export *x)
{
	if (x->dest.kind != EXPORT_STDOUT)
		return CMD_OK;
	if (isatty(STDOUT_FILENO))
		log_error(0, "-: an archive is not for a terminal");
	else if (x->context->json)
		log_error(0, "-: standard output is for the archive, and not for JSON");
	else
		return CMD_OK;
	return CMD_USAGE;
}

static int export(struct export *x)
{
	int r = check_stdout(x);

	if (r)
		return r;
	stop_install();
	progress_init(&x->progress, x->context->quiet);
	r = run(x);
	progress_release(&x->progress);
	if (r == -EINTR)
		log_error(0, "%s: interrupted, nothing was exported",
			  x->ref->name);
	return r ? CMD_FAILED : print(x);
}

int cmd_export(const struct cmd_context *c, int argc, char **argv)
{
	struct export x = { .context = c, .text = argv[1], .storefd = -1,
			    .dirfd = -1, .mode = 0666 & ~c->umask,
			    .tree = { .rootfd = -1, .manifestfd = -1 } };
	_cleanup_fd int storefd = -1;
	struct template_stack ref;
	int r = catalog_parse(argv[0], &ref);

	if (r)
		return cmd_bad_reference(argv[0], r);
	r = export_dest_parse(argv[1], c->compress, &x.dest);
	if (r) {
		template_stack_release(&ref);
		return r == -ENOMEM ? CMD_FAILED : CMD_USAGE;
	}
	storefd = cmd_open_store(c, false);
	if (storefd < 0) {
		r = CMD_FAILED;
	} else {
		x.storefd = storefd;
		x.ref = &ref.refs[0];
		r = template_stack_resolve(storefd, &ref, NULL);
		r = r ? cmd_bad_reference(argv[0], r) : export(&x);
	}
	release(&x);
	template_stack_release(&ref);
	return r;
}
