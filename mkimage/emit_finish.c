// SPDX-License-Identifier: Apache-2.0
/* What can be done only when the whole source is known. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "mkimage/emit_types.h"
#include "mkimage/meta.h"
#include "mkimage/progress.h"

static int digest_names(const struct emit *e, const struct emit_group *g,
			struct sha256 *ret)
{
	_cleanup_bytes struct bytes all = BYTES_INIT;
	int r = 0;

	for (uint32_t i = 0; i < g->n && !r; i++) {
		r = bytes_adds(&all, "/");
		if (!r)
			r = tree_path(e->tree, emit_group_name(e, g, i), &all);
		if (!r)
			r = bytes_add(&all, "", 1);
	}
	return r ? r : sha256_of(all.data, all.len, ret);
}

static int mark_group(struct emit *e, const struct emit_group *g)
{
	tree_node first = emit_group_name(e, g, 0);
	_cleanup_bytes struct bytes path = BYTES_INIT;
	_cleanup_fd int fd = -1;
	struct sha256 names;
	int r;

	if (!S_ISREG(tree_type(e->tree, first)))
		return 0;
	r = digest_names(e, g, &names);
	if (!r)
		r = tree_path(e->tree, first, &path);
	if (r)
		return emit_failed(e, r, tree_name(e->tree, first));
	fd = openat(e->options.rootfd, path.data,
		    O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	r = fd < 0 ? -errno : meta_set_links(fd, g->n, &names);
	return r ? emit_failed(e, r, path.data) : 0;
}

static int mark_groups(struct emit *e)
{
	const struct emit_group *groups = (struct emit_group *)e->groups.data;
	size_t n = e->groups.len / sizeof(*groups);
	int r = 0;

	for (size_t i = 0; i < n && !r; i++)
		if (groups[i].n > 1)
			r = mark_group(e, &groups[i]);
	return r;
}

static int finish_dir(struct emit *e, tree_node n)
{
	struct manifest_entry entry;
	const char *what = NULL;
	struct emit_dir *dir;
	int r = tree_get(e->tree, n, &entry, NULL);

	if (!r && n != TREE_ROOT)
		r = emit_use_dir(e, tree_parent(e->tree, n), &dir);
	if (r)
		return r;
	if (n == TREE_ROOT)
		r = meta_apply(e->options.rootfd, NULL, &entry, &what);
	else
		r = meta_apply(dir->fd, tree_name(e->tree, n), &entry, &what);
	if (r && what && emit_tells(e))
		log_error(r, "%s: cannot set %s", tree_name(e->tree, n), what);
	manifest_entry_release(&entry);
	return r;
}

static int finish_dirs(struct emit *e)
{
	tree_node n = TREE_NONE;
	int r = 0;

	while (!r && (n = tree_next_dir(e->tree, n))) {
		_cleanup_bytes struct bytes path = BYTES_INIT;

		r = finish_dir(e, n);
		if (r && !tree_path(e->tree, n, &path))
			emit_failed(e, r, path.data);
	}
	return r;
}

int emit_version(struct emit *e, int fd, struct sha256 *ret_version)
{
	int r = emit_collect(e, true);

	if (r)
		return r;
	progress_phase(e->options.progress, "writing the manifest");
	return emit_manifest(e, fd, ret_version);
}

/* Files that were written, into the pool and the memo. */
static int place_files(struct emit *e)
{
	int r = mark_groups(e);

	if (!r)
		r = emit_place(e);
	if (!r)
		emit_remember(e);
	return r;
}

/* The spool is not to be written to disk with the rest; and what is linked
 * cannot vanish from the pool any more. */
static void let_go(struct emit *e)
{
	emit_leave_pool(e);
	tree_free(e->tree);
	e->tree = NULL;
}

int emit_finish(struct emit *e)
{
	int r = emit_make_all(e);

	if (!r)
		r = place_files(e);
	if (!r)
		r = finish_dirs(e);
	let_go(e);
	return r;
}

int emit_learn(struct emit *e)
{
	int r = place_files(e);

	let_go(e);
	return r;
}
