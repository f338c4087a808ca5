// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/manifest.h"
#include "base/store.h"
#include "mkimage/catalog.h"
#include "mkimage/cmd.h"
#include "mkimage/emit.h"
#include "mkimage/image_config.h"
#include "mkimage/platform.h"
#include "mkimage/memo.h"
#include "mkimage/pool.h"
#include "mkimage/progress.h"
#include "mkimage/source.h"
#include "mkimage/stage.h"
#include "mkimage/stop.h"
#include "mkimage/tindex_write.h"

struct build {
	const struct cmd_context *context;
	const char *name;
	struct platform platform;
	int storefd;
	struct source *source;
	struct stage *stage;
	struct memo *memo; /* or NULL */
	struct pool *pool;
	struct emit *emit;
	struct progress progress;
	struct template_info info;
	bool existed;
};

static int read_source(struct build *b)
{
	struct source_item item;
	int r;

	while ((r = source_next(b->source, &item)) > 0) {
		r = emit_item(b->emit, b->source, &item);
		source_item_release(&item);
		if (!r)
			r = stop_requested();
		if (r)
			return r;
	}
	return r;
}

/* The manifest, and by it the version. */
static int find_version(struct build *b)
{
	_cleanup_fd int fd = openat(stage_fd(b->stage), "manifest",
				    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
				    0600);
	struct sha256 version;
	int r;

	if (fd < 0) {
		r = -errno;
		log_error(r, "the manifest");
		return r;
	}
	r = emit_version(b->emit, fd, &version);
	if (!r)
		bytes_to_hex(version.bytes, sizeof(version.bytes),
			     b->info.version);
	return r;
}

static void fill_info(struct build *b)
{
	const struct emit_totals *totals = emit_totals(b->emit);

	b->info.name = (char *)b->name;
	b->info.source = b->source->name;
	b->info.built = time(NULL);
	b->info.entries = totals->entries;
	b->info.files = totals->files;
	b->info.bytes = totals->bytes;
	b->info.shared = totals->shared;
	b->info.written = totals->written;
	b->info.reflinked = totals->reflinked;
	b->info.avoided = totals->avoided;
	b->info.current = true;
}

static int write_info(struct build *b)
{
	int r;

	fill_info(b);
	r = catalog_write_info(stage_fd(b->stage), &b->info);
	if (r)
		log_error(r, "info.json");
	return r;
}

static int write_config(struct build *b)
{
	const struct bytes *config = &b->source->config;
	int r;

	if (!config->len)
		return 0;
	r = image_config_write(stage_fd(b->stage), config->data, config->len);
	if (r)
		log_error(r, "config.json");
	return r;
}

static int finish(struct build *b)
{
	int r = emit_finish(b->emit);

	if (!r)
		r = write_info(b);
	if (!r)
		r = write_config(b);
	if (!r)
		r = tindex_write(stage_fd(b->stage));
	if (r)
		return r;
	progress_phase(&b->progress, "writing them to disk");
	return stage_commit(b->stage, b->name, b->info.version);
}

static int run(struct build *b)
{
	int r = read_source(b);

	if (!r)
		r = find_version(b);
	/* An image's configuration may be new where the tree is not. */
	if (!r && !b->source->config.len)
		r = stage_reuse(b->stage, b->name, b->info.version);
	if (r < 0)
		return r;
	b->existed = r > 0;
	if (b->existed) {
		r = emit_learn(b->emit);
		fill_info(b);
		return r;
	}
	r = finish(b);
	b->existed = r > 0;
	return r < 0 ? r : 0;
}

static int print(const struct build *b)
{
	json_t *json;

	if (!b->context->json) {
		printf("%s@%s\n", b->name, b->info.version);
		return cmd_flush();
	}
	json = catalog_to_json(&b->info);
	if (json &&
	    (catalog_add_build(json, &b->info) ||
	     json_object_set_new(json, "existed", json_boolean(b->existed)))) {
		json_decref(json);
		json = NULL;
	}
	return cmd_print_json(json);
}

/* The store must not be read into itself. */
static int open_source(struct build *b, const char *path)
{
	struct source_options options = {
		.max_size = b->context->max_size,
		.platform = b->context->platform ? &b->platform : NULL,
		.storefd = b->storefd,
	};
	struct stat st;

	/* Only directories have files that may be known.  Where there is none,
	 * source_open() tells. */
	if (!stat(path, &st) && S_ISDIR(st.st_mode))
		(void)memo_open(b->storefd, &b->memo); /* told: a help only */
	if (!b->context->paranoid)
		options.memo = b->memo;
	if (fstat(b->storefd, &st)) {
		int r = -errno;

		log_error(r, "%s", b->context->store);
		return r;
	}
	options.skip.dev = st.st_dev;
	options.skip.ino = st.st_ino;
	return source_open(path, &options, &b->source);
}

static int new_emit(struct build *b)
{
	struct emit_options options = {
		.rootfd = stage_rootfd(b->stage),
		.asidefd = stage_asidefd(b->stage),
		.memo = b->memo,
		.progress = &b->progress,
		.threads = b->context->threads,
	};
	int r = pool_open(b->storefd, options.asidefd, &b->pool);

	if (r) {
		log_error(r, "%s/pool", b->context->store);
		return r;
	}
	options.pool = b->pool;
	return emit_new(&b->emit, &options);
}

/* For the time left: an archive's size is known, a directory is likely to be
 * much what it was when its template was last built. */
static void expect(struct build *b)
{
	struct catalog before = { NULL, 0 };

	if (b->source->has_input)
		progress_input(&b->progress, b->source->input_fd);
	/* Without it there is no time, and that is all. */
	else if (!catalog_list(b->storefd, b->name, &before) && before.n &&
		 !before.at[0].error)
		progress_expect(&b->progress, before.at[0].files,
				before.at[0].bytes);
	catalog_release(&before);
}

static int build(struct build *b, const char *path)
{
	int r = open_source(b, path);

	if (!r)
		r = stage_new(b->storefd, &b->stage);
	if (!r)
		r = new_emit(b);
	if (!r) {
		expect(b);
		r = run(b);
	}
	progress_release(&b->progress);
	if (r == -EINTR)
		log_error(0, "%s: interrupted, nothing was built", b->name);
	return r;
}

/* What can be wrong with the words alone.  0 or CMD_USAGE. */
static int check_words(struct build *b, const char *path)
{
	const char *platform = b->context->platform;

	if (!store_template_name_ok(b->name)) {
		log_error(0, "%s: not a name for a template", b->name);
		return CMD_USAGE;
	}
	if (!platform)
		return 0;
	if (platform_parse(platform, &b->platform)) {
		log_error(0, "%s: not a platform: OS/ARCH[/VARIANT] is wanted",
			  platform);
		return CMD_USAGE;
	}
	if (source_is_image(path))
		return 0;
	log_error(0, "%s: only an image has a platform", path);
	return CMD_USAGE;
}

int cmd_build(const struct cmd_context *c, int argc, char **argv)
{
	struct build b = { .context = c, .name = argv[0], .storefd = -1 };
	int r = check_words(&b, argv[1]);

	if (r)
		return r;
	b.storefd = cmd_open_store_to_write(c, true);
	if (b.storefd < 0)
		return CMD_FAILED;
	stop_install();
	progress_init(&b.progress, c->quiet);
	r = build(&b, argv[1]);
	r = r ? CMD_FAILED : print(&b);
	emit_free(b.emit);
	/* Before the stage, whose removal waits for the pool's lock. */
	pool_free(b.pool);
	source_close(b.source);
	memo_close(b.memo);
	stage_free(b.stage);
	close(b.storefd);
	return r;
}
