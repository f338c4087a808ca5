// SPDX-License-Identifier: Apache-2.0
/*
 * gc: frees what nothing refers to.  First what killed builds and removals
 * left, because that frees files of the pool; then the pool; then the rest.
 * Each step takes the locks that its remains are made under (docs/formats.md,
 * section 6), so that builds, removals and mounts go on meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/log.h"
#include "base/store.h"
#include "mkimage/cmd.h"
#include "mkimage/discard.h"
#include "mkimage/leftovers.h"
#include "mkimage/memo.h"
#include "mkimage/pool.h"
#include "mkimage/progress.h"
#include "mkimage/stage.h"
#include "mkimage/stop.h"

struct gc {
	const struct cmd_context *context;
	int storefd;
	json_t *removed, *unknown; /* NULL without --json */
	unsigned long long bytes;
	size_t n;
	bool no_memory;
};

/* Takes over the object, which is NULL for lack of memory. */
static void append(struct gc *g, json_t *array, json_t *json, const char *path)
{
	if (json_array_append_new(array, json) ||
	    escape_json_name(json, "path", path))
		g->no_memory = true;
}

static void print(struct gc *g, const char *path, const char *text)
{
	_cleanup_bytes struct bytes name = BYTES_INIT;

	if (escape_name(path, &name))
		g->no_memory = true;
	else
		printf("%s: %s\n", name.data, text);
}

static void removed(void *arg, const char *path, const char *why,
		    unsigned long long bytes)
{
	char text[128], size[16];
	struct gc *g = arg;

	g->n++;
	g->bytes += bytes;
	if (g->removed) {
		append(g, g->removed,
		       json_pack("{s:s, s:I}", "why", why, "bytes",
				 (json_int_t)bytes), path);
		return;
	}
	if (g->context->quiet)
		return;
	progress_size(bytes, size);
	snprintf(text, sizeof(text), "%s, %s", why, size);
	print(g, path, text);
}

static void unknown(void *arg, const char *path)
{
	struct gc *g = arg;

	if (g->unknown)
		append(g, g->unknown, json_object(), path);
	else
		print(g, path, "unknown, and left as it is");
}

static void unknown_in_pool(void *arg, const char *path)
{
	char full[512];

	snprintf(full, sizeof(full), "pool/%s", path);
	unknown(arg, full);
}

static void dead_stage(void *arg, const char *name, unsigned long long bytes)
{
	char path[64];

	snprintf(path, sizeof(path), "templates/%s", name);
	removed(arg, path, "left by a build or a removal that was killed",
		bytes);
}

static void dead_container(void *arg, const char *name)
{
	unsigned long long bytes = 0;
	_cleanup_fd int fd = -1;
	struct gc *g = arg;
	char path[64];

	snprintf(path, sizeof(path), "containers/%s", name);
	fd = openat(g->storefd, path,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* What cannot be measured is removed nevertheless, if it can be. */
	if (fd >= 0)
		(void)discard_measure(fd, &bytes);
	removed(g, path, "left of a container that was made or removed",
		bytes);
}

static int failed(const struct gc *g, int r, const char *what)
{
	if (r && r != -EINTR)
		log_error(r, "%s/%s", g->context->store, what);
	return r;
}

static int sweep_pool(struct gc *g)
{
	struct pool_unused unused = { 0, 0 };
	char why[64];
	int r = pool_sweep_all(g->storefd, g->context->dry_run,
			       unknown_in_pool, g, &unused);

	if (unused.files) {
		snprintf(why, sizeof(why), "%llu file%s of no template",
			 unused.files, unused.files == 1 ? "" : "s");
		removed(g, "pool", why, unused.bytes);
	}
	return failed(g, r, "pool");
}

/* What that would free is not known before it is done. */
static int prune_memo(struct gc *g)
{
	uint64_t bytes = 0;
	int r = g->context->dry_run
			? 0
			: memo_prune(g->storefd, MEMO_DAYS, &bytes);

	if (bytes)
		removed(g, "memo", "what builds no longer need of it", bytes);
	return failed(g, r, "memo");
}

static int sweep(struct gc *g)
{
	const struct leftovers leftovers = {
		.keep = g->context->dry_run,
		.removed = removed,
		.unknown = unknown,
		.arg = g,
	};
	bool keep = g->context->dry_run;
	/* It has logged what failed; the rest can be freed nevertheless. */
	int r = stage_sweep(g->storefd, keep, dead_stage, g), err;

	err = stop_requested();
	if (!err)
		err = sweep_pool(g);
	if (!err)
		err = failed(g, container_sweep(g->storefd, keep,
						dead_container, g),
			     "containers");
	if (!err)
		err = prune_memo(g);
	if (!err)
		err = failed(g, leftovers_sweep(g->storefd, &leftovers), "");
	return err ? err : r;
}

static int print_total(struct gc *g)
{
	const struct cmd_context *c = g->context;
	char size[16];
	json_t *all;

	if (c->json) {
		all = json_pack("{s:O, s:O, s:I, s:b}", "removed", g->removed,
				"unknown", g->unknown, "freed",
				(json_int_t)g->bytes, "dry_run", c->dry_run);
		return cmd_print_json(all);
	}
	progress_size(g->bytes, size);
	if (!c->quiet)
		printf("%s %s\n", size, c->dry_run ? "would be freed"
						   : "freed");
	return cmd_flush();
}

static int gc(struct gc *g)
{
	int r, status;

	stop_install();
	r = sweep(g);
	if (r == -EINTR)
		log_error(0, "interrupted: not all was looked at");
	status = print_total(g);
	if (g->no_memory) {
		log_error(-ENOMEM, "the list of what was removed");
		r = -ENOMEM;
	}
	return status ? status : r ? CMD_FAILED : CMD_OK;
}

int cmd_gc(const struct cmd_context *c, int argc, char **argv)
{
	_cleanup_fd int storefd = c->dry_run
				       ? cmd_open_store(c, false)
				       : cmd_open_store_to_write(c, false);
	struct gc g = { .context = c, .storefd = storefd };
	int r;

	if (storefd < 0)
		return CMD_FAILED;
	if (c->json) {
		g.removed = json_array();
		g.unknown = json_array();
	}
	if (c->json && (!g.removed || !g.unknown)) {
		log_error(-ENOMEM, "%s", c->store);
		r = CMD_FAILED;
	} else {
		r = gc(&g);
	}
	json_decref(g.removed);
	json_decref(g.unknown);
	return r;
}
