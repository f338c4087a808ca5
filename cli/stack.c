// SPDX-License-Identifier: Apache-2.0
#include "cli/stack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "cli/layer.h"

void stack_release(struct stack *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		cleanup_fd(&s->roots[i]);
	free(s->roots);
	s->roots = NULL;
	s->n = 0;
}

int stack_open(int storefd, const struct template_stack *t, struct stack *ret)
{
	_cleanup_stack struct stack s = { NULL, 0 };
	size_t i;

	s.roots = calloc(t->n ? t->n : 1, sizeof(*s.roots));
	if (!s.roots)
		return -ENOMEM;
	for (i = t->n; i-- > 0;) {
		_cleanup_free char *dir = template_path(t->refs[i].name,
							t->refs[i].version);
		_cleanup_free char *root = dir ? layer_join(dir, "root") : NULL;
		int fd;

		if (!root)
			return -ENOMEM;
		fd = openat(storefd, root,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		s.roots[s.n++] = fd;
	}
	*ret = s;
	s = (struct stack){ NULL, 0 };
	return 0;
}

void stack_dir_close(struct stack_dir *d)
{
	size_t i;

	for (i = 0; i < d->n; i++) {
		cleanup_fd(&d->places[i].fd);
		d->places[i].fd = -1;
	}
}

void stack_dir_release(struct stack_dir *d)
{
	size_t i;

	stack_dir_close(d);
	for (i = 0; i < d->n; i++)
		free(d->places[i].path);
	free(d->places);
	d->places = NULL;
	d->n = 0;
}

/* Takes over `path`, which may be NULL for lack of memory. */
static int add_place(struct stack_dir *d, size_t layer, char *path)
{
	struct stack_place *more;

	if (!path)
		return -ENOMEM;
	more = realloc(d->places, (d->n + 1) * sizeof(*more));
	if (!more) {
		free(path);
		return -ENOMEM;
	}
	d->places = more;
	d->places[d->n++] = (struct stack_place){ layer, path, -1 };
	return 0;
}

int stack_root(const struct stack *s, struct stack_dir *ret)
{
	struct stack_dir d = STACK_DIR_INIT;
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (add_place(&d, i, strdup(""))) {
			stack_dir_release(&d);
			return -ENOMEM;
		}
	}
	*ret = d;
	return 0;
}

int stack_dir_open(const struct stack *s, struct stack_dir *d)
{
	size_t i;

	for (i = 0; i < d->n; i++) {
		struct stack_place *p = &d->places[i];

		p->fd = layer_open_dir(s->roots[p->layer], p->path);
		if (p->fd < 0) {
			int r = p->fd;

			stack_dir_close(d);
			return r;
		}
	}
	return 0;
}

/*
 * A look-up of an absolute path goes through each layer by itself.  What a
 * layer says on the way can end it for the layers below (whiteout, a file,
 * opaque) or send them elsewhere (redirect).
 */
struct walk {
	char *path;	  /* to look up in this layer, relative to its root */
	char *next;	  /* to look up in the next one, or NULL: the same */
	bool stop;	  /* no layer below counts */
	enum layer_kind kind;
};

/* The step at [start, start + len) of w->path is a redirected directory. */
static int redirect_walk(struct walk *w, size_t start, size_t len,
			 const char *redirect)
{
	struct bytes b = BYTES_INIT;
	const char *rest = w->path + start + len;
	int r;

	if (redirect[0] == '/')
		r = bytes_addf(&b, "%s%s", redirect + 1, rest);
	else
		r = bytes_addf(&b, "%.*s%s%s", (int)start, w->path, redirect,
			       rest);
	if (r) {
		bytes_release(&b);
		return r;
	}
	free(w->next);
	w->next = bytes_take(&b);
	return w->next ? 0 : -ENOMEM;
}

/* Looks w->path up in the layer that `root` is. */
static int walk_layer(int root, struct walk *w)
{
	_cleanup_fd int dir = layer_open_dir(root, "");
	size_t at = 0;

	w->kind = LAYER_DIR;
	while (dir >= 0 && w->path[at]) {
		_cleanup_layer_entry struct layer_entry e = { 0 };
		size_t len = strcspn(w->path + at, "/");
		_cleanup_free char *name = strndup(w->path + at, len);
		int next, r;

		if (!name)
			return -ENOMEM;
		r = layer_step(dir, name, &e);
		if (!r && e.redirect)
			r = redirect_walk(w, at, len, e.redirect);
		if (r)
			return r;
		w->stop = w->stop || e.opaque || e.kind == LAYER_FILE ||
			  e.kind == LAYER_IS_WHITEOUT;
		w->kind = e.kind;
		at += len;
		if (e.kind != LAYER_DIR || !w->path[at]) {
			if (w->path[at])
				w->kind = LAYER_ABSENT;
			return 0;
		}
		at++;
		next = layer_open_dir(dir, name);
		cleanup_fd(&dir);
		dir = next;
	}
	return dir < 0 ? dir : 0;
}

/* Adds to `d` what the layers from `first` on have at `path`. */
static int lookup_from(const struct stack *s, size_t first, const char *path,
		       struct stack_dir *d)
{
	_cleanup_free char *now = strdup(path);
	int kind = STACK_ABSENT, r = 0;
	bool stop = false;
	size_t i;

	if (!now)
		return -ENOMEM;
	for (i = first; i < s->n && !stop && !r; i++) {
		struct walk w = { .path = now };

		r = walk_layer(s->roots[i], &w);
		stop = w.stop;
		if (!r && w.kind == LAYER_DIR) {
			r = add_place(d, i, strdup(now));
			kind = STACK_DIR;
		} else if (!r && w.kind == LAYER_FILE && !d->n) {
			kind = STACK_FILE;
		}
		if (w.next) {
			free(now);
			now = w.next;
		}
	}
	return r ? r : kind;
}

int stack_lookup_path(const struct stack *s, const char *path,
		      struct stack_dir *ret)
{
	struct stack_dir d = STACK_DIR_INIT;
	int kind = lookup_from(s, 0, path + (path[0] == '/'), &d);

	if (kind == STACK_DIR)
		*ret = d;
	else
		stack_dir_release(&d);
	return kind;
}

/* Adds to `found` what the open directory's places have at `name`. */
static int lookup_places(const struct stack *s, const struct stack_dir *d,
			 const char *name, struct stack_dir *found)
{
	_cleanup_free char *now = strdup(name);
	size_t i;
	int r;

	for (i = 0; now && i < d->n; i++) {
		_cleanup_layer_entry struct layer_entry e = { 0 };
		const struct stack_place *p = &d->places[i];

		r = layer_step(p->fd, now, &e);
		if (r)
			return r;
		if (e.kind == LAYER_IS_WHITEOUT)
			break;
		if (e.kind == LAYER_FILE)
			return found->n ? STACK_DIR : STACK_FILE;
		if (e.kind != LAYER_DIR)
			continue;
		r = add_place(found, p->layer, layer_join(p->path, now));
		if (r)
			return r;
		if (e.opaque)
			break;
		if (e.redirect && e.redirect[0] == '/') {
			r = lookup_from(s, p->layer + 1, e.redirect + 1, found);
			return r < 0 ? r : STACK_DIR;
		}
		if (e.redirect) {
			free(now);
			now = take_ptr(e.redirect);
		}
	}
	if (!now)
		return -ENOMEM;
	return found->n ? STACK_DIR : STACK_ABSENT;
}

int stack_lookup(const struct stack *s, const struct stack_dir *d,
		 const char *name, struct stack_dir *ret)
{
	struct stack_dir found = STACK_DIR_INIT;
	int kind = lookup_places(s, d, name, &found);

	if (kind == STACK_DIR)
		*ret = found;
	else
		stack_dir_release(&found);
	return kind;
}

struct names {
	char **v;
	size_t n, room;
};

static int add_name(const char *name, void *arg)
{
	struct names *l = arg;

	if (l->n + 1 >= l->room) {
		size_t room = l->room ? 2 * l->room : 64;
		char **v = realloc(l->v, room * sizeof(*v));

		if (!v)
			return -ENOMEM;
		l->v = v;
		l->room = room;
	}
	l->v[l->n] = strdup(name);
	if (!l->v[l->n])
		return -ENOMEM;
	l->v[++l->n] = NULL;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Frees duplicates and names that only a lower layer has and an upper one
 * hides; keeps the others in order. */
static int keep_shown(const struct stack *s, const struct stack_dir *d,
		      struct names *l)
{
	size_t i, kept = 0;
	int kind = 0;

	for (i = 0; i < l->n; i++) {
		_cleanup_stack_dir struct stack_dir unused = STACK_DIR_INIT;
		char *name = take_ptr(l->v[i]);

		if (kind >= 0 && (!kept || strcmp(name, l->v[kept - 1])))
			kind = stack_lookup(s, d, name, &unused);
		else if (kind >= 0)
			kind = STACK_ABSENT;
		if (kind > 0)
			l->v[kept++] = name;
		else
			free(name);
	}
	l->n = kept;
	return kind < 0 ? kind : 0;
}

int stack_names(const struct stack *s, const struct stack_dir *d, char ***ret)
{
	struct names l = { calloc(1, sizeof(char *)), 0, 1 };
	size_t i;
	int r = l.v ? 0 : -ENOMEM;

	for (i = 0; i < d->n && !r; i++)
		r = layer_each(d->places[i].fd, add_name, &l);
	if (!r && l.n) {
		qsort(l.v, l.n, sizeof(*l.v), compare_names);
		r = keep_shown(s, d, &l);
	}
	if (r) {
		for (i = 0; i < l.n; i++)
			free(l.v[i]);
		free(l.v);
		return r;
	}
	*ret = l.v;
	return 0;
}
