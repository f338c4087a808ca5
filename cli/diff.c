// SPDX-License-Identifier: Apache-2.0
#include "cli/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "cli/layer.h"

/* A directory of the private area that waits for its turn. */
struct work {
	struct work *next;
	char *path;	       /* below the private area's root */
	struct stack_dir lower; /* what is below it */
	bool hides;	       /* opaque: nothing of `lower` shines through */
};

struct run {
	int private;
	const struct stack *stack;
	struct work *todo;
	struct diff out;
};

/* The directory that is being read. */
struct reading {
	struct run *run;
	struct work *dir;
	int fd;
	char **names; /* of dir->hides: those found, unsorted */
	size_t n, room;
};

static void free_work(struct work *w)
{
	if (!w)
		return;
	stack_dir_release(&w->lower);
	free(w->path);
	free(w);
}

void diff_release(struct diff *d)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		free(d->changes[i].path);
	free(d->changes);
	*d = (struct diff)DIFF_INIT;
}

static int add_change(struct run *run, enum change_kind kind, const char *dir,
		      const char *name)
{
	struct diff *d = &run->out;
	struct bytes path = BYTES_INIT;
	struct change *more;

	if (d->n == d->room) {
		size_t room = d->room ? 2 * d->room : 256;

		more = realloc(d->changes, room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		d->changes = more;
		d->room = room;
	}
	if (bytes_addf(&path, "/%s%s%s", dir, *dir ? "/" : "", name)) {
		bytes_release(&path);
		return -ENOMEM;
	}
	d->changes[d->n].kind = kind;
	d->changes[d->n].path = bytes_take(&path);
	if (!d->changes[d->n].path)
		return -ENOMEM;
	d->n++;
	return 0;
}

/* Takes over *lower on success. */
static int add_work(struct run *run, char *path, struct stack_dir *lower,
		    bool hides)
{
	struct work *w = calloc(1, sizeof(*w));

	if (!w || !path) {
		free(w);
		free(path);
		return -ENOMEM;
	}
	w->path = path;
	w->lower = *lower;
	w->hides = hides;
	w->next = run->todo;
	run->todo = w;
	*lower = (struct stack_dir)STACK_DIR_INIT;
	return 0;
}

static int add_name(struct reading *rd, const char *name)
{
	if (rd->n == rd->room) {
		size_t room = rd->room ? 2 * rd->room : 64;
		char **names = realloc(rd->names, room * sizeof(*names));

		if (!names)
			return -ENOMEM;
		rd->names = names;
		rd->room = room;
	}
	rd->names[rd->n] = strdup(name);
	return rd->names[rd->n++] ? 0 : -ENOMEM;
}

/*
 * What lies below a directory of the private area.  `*below` is what the stack
 * shows at its own path.  A redirect leads elsewhere, and what is not merged
 * with anything hides what its own path shows.
 */
static int lower_of(struct reading *rd, const struct layer_entry *e,
		    struct stack_dir *below, bool *ret_hides)
{
	struct stack_dir target = STACK_DIR_INIT;
	int kind;

	*ret_hides = e->opaque || rd->dir->hides;
	if (!e->redirect || e->opaque)
		return 0;
	if (e->redirect[0] == '/')
		kind = stack_lookup_path(rd->run->stack, e->redirect, &target);
	else if (rd->dir->hides)
		return 0;
	else
		kind = stack_lookup(rd->run->stack, &rd->dir->lower,
				    e->redirect, &target);
	if (kind < 0)
		return kind;
	stack_dir_release(below);
	*below = target;
	*ret_hides = false;
	return 0;
}

static int visit(const char *name, void *arg)
{
	struct reading *rd = arg;
	const char *dir = rd->dir->path;
	_cleanup_layer_entry struct layer_entry e = { 0 };
	_cleanup_stack_dir struct stack_dir below = STACK_DIR_INIT;
	int kind, r;
	bool hides;

	r = layer_step(rd->fd, name, &e);
	if (r || e.kind == LAYER_ABSENT)
		return r;
	/* An opaque directory's names are all compared at its end. */
	if (e.kind == LAYER_IS_WHITEOUT && rd->dir->hides)
		return 0;
	kind = stack_lookup(rd->run->stack, &rd->dir->lower, name, &below);
	if (kind < 0)
		return kind;
	if (e.kind == LAYER_IS_WHITEOUT)
		return kind ? add_change(rd->run, CHANGE_DELETED, dir, name) :
			      0;
	r = add_change(rd->run, kind ? CHANGE_CHANGED : CHANGE_ADDED, dir,
		       name);
	if (!r && rd->dir->hides)
		r = add_name(rd, name);
	if (r || e.kind != LAYER_DIR)
		return r;
	r = lower_of(rd, &e, &below, &hides);
	return r ? r : add_work(rd->run, layer_join(dir, name), &below, hides);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names that an opaque directory hides and has not made again. */
static int add_hidden(struct reading *rd)
{
	char **names = NULL;
	int r = stack_names(rd->run->stack, &rd->dir->lower, &names);
	size_t i;

	if (r)
		return r;
	if (rd->n)
		qsort(rd->names, rd->n, sizeof(*rd->names), compare_names);
	for (i = 0; names[i] && !r; i++)
		if (!rd->n || !bsearch(&names[i], rd->names, rd->n,
				       sizeof(*rd->names), compare_names))
			r = add_change(rd->run, CHANGE_DELETED, rd->dir->path,
				       names[i]);
	store_strv_free(names);
	return r;
}

static int read_dir(struct run *run, struct work *w)
{
	_cleanup_fd int fd = layer_open_dir(run->private, w->path);
	struct reading rd = { .run = run, .dir = w, .fd = fd };
	size_t i;
	int r;

	/* Removed or renamed since its parent was read. */
	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
		return 0;
	if (fd < 0)
		return fd;
	r = stack_dir_open(run->stack, &w->lower);
	if (!r)
		r = layer_each(fd, visit, &rd);
	if (!r && w->hides)
		r = add_hidden(&rd);
	for (i = 0; i < rd.n; i++)
		free(rd.names[i]);
	free(rd.names);
	return r;
}

static int compare_changes(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	return strcmp(x->path, y->path);
}

int diff_run(int private, const struct stack *s, struct diff *ret,
	     char **ret_where)
{
	struct run run = { private, s, NULL, DIFF_INIT };
	struct stack_dir root = STACK_DIR_INIT;
	struct work *w;
	int r;

	r = stack_root(s, &root);
	if (!r)
		r = add_work(&run, strdup(""), &root, false);
	stack_dir_release(&root);
	while (!r && run.todo) {
		w = run.todo;
		run.todo = w->next;
		r = read_dir(&run, w);
		if (r && ret_where)
			*ret_where = take_ptr(w->path);
		free_work(w);
	}
	while ((w = run.todo)) {
		run.todo = w->next;
		free_work(w);
	}
	if (r) {
		diff_release(&run.out);
		return r;
	}
	if (run.out.n)
		qsort(run.out.changes, run.out.n, sizeof(*run.out.changes),
		      compare_changes);
	*ret = run.out;
	return 0;
}
