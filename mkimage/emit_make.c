// SPDX-License-Identifier: Apache-2.0
/*
 * What is entered but not made yet (TREE_LATER): directories until something is
 * made in them; links, devices and files that the memo knows to be in the pool
 * until the version is known, for one that is there already needs none of
 * them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "mkimage/emit_types.h"
#include "mkimage/meta.h"
#include "mkimage/pipeline.h"
#include "mkimage/pool.h"
#include "mkimage/stop.h"

#define RANGE 256 /* files: a job */

/* A file that is in the pool; TREE_NONE when it is no longer to be linked. */
struct known_file {
	tree_node node;
	unsigned int variant;
};

struct link_job {
	struct pipeline_job job; /* first: pipeline.h */
	struct emit *emit;
	size_t from, to;
};

static struct known_file *known_of(const struct emit *e, size_t *ret_n)
{
	*ret_n = e->known.len / sizeof(struct known_file);
	return (struct known_file *)e->known.data;
}

static int make_dir(struct emit *e, int above, tree_node dir)
{
	if (!tree_marked(e->tree, dir, TREE_LATER))
		return 0;
	if (mkdirat(above, tree_name(e->tree, dir), 0700))
		return -errno;
	tree_mark(e->tree, dir, TREE_LATER, false);
	return 0;
}

int emit_open_dir(struct emit *e, tree_node dir)
{
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	_cleanup_fd int opened = -1;
	int above, fd, r;

	if (dir == TREE_ROOT) {
		fd = fcntl(e->options.rootfd, F_DUPFD_CLOEXEC, 0);
		return fd < 0 ? -errno : fd;
	}
	if (e->dir && tree_parent(e->tree, e->node) == dir) {
		/* Nobody moves staged directories. */
		fd = openat(e->dir->fd, "..", flags);
		return fd < 0 ? -errno : fd;
	}
	if (e->dir && tree_parent(e->tree, dir) == e->node) {
		above = e->dir->fd;
	} else {
		above = opened = emit_open_dir(e, tree_parent(e->tree, dir));
		if (above < 0)
			return above;
	}
	r = make_dir(e, above, dir);
	if (r)
		return r;
	fd = openat(above, tree_name(e->tree, dir), flags);
	return fd < 0 ? -errno : fd;
}

void emit_put_dir(struct emit_dir *dir)
{
	if (!dir || --dir->refs)
		return;
	close(dir->fd);
	free(dir);
}

int emit_use_dir(struct emit *e, tree_node node, struct emit_dir **ret)
{
	struct emit_dir *dir;

	if (!e->dir || e->node != node) {
		dir = malloc(sizeof(*dir));
		if (!dir)
			return -ENOMEM;
		*dir = (struct emit_dir){ emit_open_dir(e, node), 1 };
		if (dir->fd < 0) {
			int r = dir->fd;

			free(dir);
			return r;
		}
		emit_put_dir(e->dir);
		e->dir = dir;
		e->node = node;
	}
	*ret = e->dir;
	return 0;
}

int emit_enter_pool(struct emit *e)
{
	int r = e->entered ? 0 : pool_enter(e->options.pool);

	e->entered = !r;
	return r;
}

void emit_leave_pool(struct emit *e)
{
	if (e->entered)
		pool_leave(e->options.pool);
	e->entered = false;
}

int emit_know(struct emit *e, tree_node n, unsigned int variant)
{
	size_t at;
	int r = arena_add(&e->known, sizeof(struct known_file), &at);

	if (r)
		return r;
	*(struct known_file *)(e->known.data + at) =
		(struct known_file){ n, variant };
	tree_mark(e->tree, n, TREE_LATER, true);
	return 0;
}

/* Seldom: a directory that changes while it is read. */
static struct known_file *find_known(const struct emit *e, tree_node n)
{
	size_t count;
	struct known_file *k = known_of(e, &count);

	for (size_t i = count; i-- > 0;)
		if (k[i].node == tree_inode(e->tree, n))
			return &k[i];
	return NULL;
}

void emit_forget(struct emit *e, tree_node n)
{
	struct known_file *k = find_known(e, n);

	if (k)
		k->node = TREE_NONE;
}

static int get_sha1(const struct emit *e, tree_node n, struct sha1 *ret)
{
	struct manifest_entry entry;
	int r = tree_get(e->tree, n, &entry, NULL);

	if (r)
		return r;
	*ret = entry.sha1;
	manifest_entry_release(&entry);
	return 0;
}

/* The file in the open directory: as pool_link(). */
static int link_file(struct emit *e, int dirfd, const struct known_file *k)
{
	struct sha1 sha1;
	int r = get_sha1(e, k->node, &sha1);

	return r ? r : pool_link(e->options.pool, dirfd,
				 tree_name(e->tree, k->node), &sha1,
				 k->variant);
}

static int make_file(struct emit *e, int dirfd, tree_node n)
{
	struct known_file *k = find_known(e, n);
	int r = k ? link_file(e, dirfd, k) : -ENOENT;

	if (r < 0)
		return r;
	k->node = TREE_NONE;
	tree_mark(e->tree, n, TREE_STAGED, r == POOL_COPIED);
	return 0;
}

static int make_special(struct emit *e, int dirfd, tree_node n)
{
	const char *name = tree_name(e->tree, n), *what = NULL;
	struct manifest_entry entry;
	int r = tree_get(e->tree, n, &entry, NULL);

	if (r)
		return r;
	if (S_ISLNK(entry.mode))
		r = symlinkat(entry.target, dirfd, name);
	else
		r = mknodat(dirfd, name, meta_made_mode(&entry),
			    S_ISFIFO(entry.mode) ? 0 : entry.rdev);
	r = r ? -errno : meta_apply(dirfd, name, &entry, &what);
	if (r && what && emit_tells(e))
		log_error(r, "%s: cannot set %s", name, what);
	manifest_entry_release(&entry);
	return r;
}

int emit_make(struct emit *e, tree_node n)
{
	struct emit_dir *dir;
	int r;

	if (!tree_marked(e->tree, n, TREE_LATER))
		return 0;
	r = emit_use_dir(e, tree_parent(e->tree, n), &dir);
	if (!r)
		r = S_ISREG(tree_type(e->tree, n)) ? make_file(e, dir->fd, n)
						   : make_special(e, dir->fd, n);
	if (!r)
		tree_mark(e->tree, n, TREE_LATER, false);
	return r;
}

static int tell(struct emit *e, int r, tree_node n)
{
	_cleanup_bytes struct bytes path = BYTES_INIT;

	if (tree_path(e->tree, n, &path))
		return emit_failed(e, r, tree_name(e->tree, n));
	return emit_failed(e, r, path.data);
}

/* A directory of the made tree, by its path: no other thread's emit_dir. */
static int open_made(const struct emit *e, tree_node dir)
{
	_cleanup_bytes struct bytes path = BYTES_INIT;
	int r = tree_path(e->tree, dir, &path), fd;

	if (r)
		return r;
	fd = openat(e->options.rootfd, path.data,
		    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int link_range(struct pipeline_job *job)
{
	struct link_job *l = (struct link_job *)job;
	struct emit *e = l->emit;
	tree_node parent = TREE_NONE;
	_cleanup_fd int dirfd = -1;
	size_t n;
	struct known_file *k = known_of(e, &n);
	int r = 0;

	for (size_t i = l->from; i < l->to && r >= 0; i++) {
		if (!k[i].node)
			continue;
		r = stop_requested();
		if (!r && tree_parent(e->tree, k[i].node) != parent) {
			parent = tree_parent(e->tree, k[i].node);
			if (dirfd >= 0)
				close(dirfd);
			dirfd = open_made(e, parent);
			r = dirfd < 0 ? dirfd : 0;
		}
		if (!r)
			r = link_file(e, dirfd, &k[i]);
		if (r < 0)
			tell(e, r, k[i].node);
		if (r == POOL_LINKED)
			k[i].node = TREE_NONE;
	}
	return r < 0 ? r : 0;
}

static int submit_range(struct emit *e, size_t from, size_t to)
{
	struct link_job *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return -ENOMEM;
	l->job.run = link_range;
	l->emit = e;
	l->from = from;
	l->to = to;
	r = pipeline_submit(e->pipeline, &l->job, true);
	if (r)
		free(l);
	return r;
}

static int submit_files(struct emit *e)
{
	size_t n;
	int r = 0;

	(void)known_of(e, &n);
	for (size_t i = 0; i < n && !r; i += RANGE)
		r = submit_range(e, i, n - i < RANGE ? n : i + RANGE);
	return r;
}

static int collect_files(struct emit *e)
{
	struct pipeline_job *job;

	while ((job = pipeline_done(e->pipeline, true)))
		free(job);
	return pipeline_error(e->pipeline);
}

/* Those that could not be linked, but copied: they want places. */
static int stage_copied(struct emit *e)
{
	size_t n;
	struct known_file *k = known_of(e, &n);
	int r = 0;

	for (size_t i = 0; i < n && !r; i++) {
		if (!k[i].node)
			continue;
		tree_mark(e->tree, k[i].node, TREE_STAGED, true);
		r = emit_unshared(e, k[i].node);
	}
	return r;
}

static int make_dirs(struct emit *e)
{
	tree_node n = TREE_NONE;
	struct emit_dir *dir;
	int r = 0;

	while (!r && (n = tree_next_dir(e->tree, n))) {
		if (!tree_marked(e->tree, n, TREE_LATER))
			continue;
		r = emit_use_dir(e, tree_parent(e->tree, n), &dir);
		if (!r)
			r = make_dir(e, dir->fd, n);
		if (r)
			tell(e, r, n);
	}
	return r;
}

static int make_specials(struct emit *e)
{
	tree_node dir = TREE_NONE;
	int r = 0;

	while (!r && (dir = tree_next_dir(e->tree, dir))) {
		tree_node n = tree_child(e->tree, dir);

		for (; n && !r; n = tree_sibling(e->tree, n)) {
			mode_t type = tree_type(e->tree, n);

			if (S_ISREG(type) || S_ISDIR(type))
				continue;
			r = stop_requested();
			if (!r)
				r = emit_make(e, n);
			if (r)
				tell(e, r, n);
		}
	}
	return r;
}

int emit_make_all(struct emit *e)
{
	int r = make_dirs(e), collected;

	if (r)
		return r;
	/* Directories, which the jobs ask for, stay as they are from here. */
	r = submit_files(e);
	if (r)
		emit_failed(e, r, "the pool");
	collected = collect_files(e);
	if (!r)
		r = collected;
	if (!r)
		r = make_specials(e);
	return r ? r : stage_copied(e);
}
