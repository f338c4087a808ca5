// SPDX-License-Identifier: Apache-2.0
#include "mkimage/resolve.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "mkimage/tree.h"

#define LINKS_MAX 40 /* the kernel's MAXSYMLINKS */

struct walk {
	const struct tree *tree;
	tree_node at;
	const char *todo, *end;
	uint32_t layer;
	unsigned int links;
	struct bytes *buf; /* where todo lies, once a link was followed */
};

void resolve_release(struct resolved *r)
{
	bytes_release(&r->buf);
}

static bool is(const char *step, size_t len, const char *name)
{
	return len == strlen(name) && !memcmp(step, name, len);
}

/* Puts the link's target in front of what is to do. */
static int follow_target(struct walk *w, tree_node link, const char *target)
{
	struct bytes todo = BYTES_INIT;
	int r = bytes_addf(&todo, "%s/%.*s", target, (int)(w->end - w->todo),
			   w->todo);

	if (r)
		return r;
	w->at = target[0] == '/' ? TREE_ROOT : tree_parent(w->tree, link);
	bytes_release(w->buf);
	*w->buf = todo;
	w->todo = todo.data;
	w->end = todo.data + todo.len;
	return 0;
}

static int follow(struct walk *w, tree_node link)
{
	struct manifest_entry e;
	int r;

	if (!S_ISLNK(tree_type(w->tree, link)) ||
	    tree_layer(w->tree, link) >= w->layer)
		return -ENOTDIR;
	if (++w->links > LINKS_MAX)
		return -ELOOP;
	r = tree_get(w->tree, link, &e, NULL);
	if (r)
		return r;
	r = follow_target(w, link, e.target);
	manifest_entry_release(&e);
	return r;
}

/* One step into what exists: 1, or 0 at the first that does not. */
static int step(struct walk *w, const char *name, size_t len)
{
	tree_node next;

	if (is(name, len, "..")) {
		if (w->at != TREE_ROOT)
			w->at = tree_parent(w->tree, w->at);
		return 1;
	}
	if (!len || is(name, len, "."))
		return 1;
	next = tree_find(w->tree, w->at, name, len);
	if (!next)
		return 0;
	w->at = next;
	return 1;
}

/* Takes steps until all are taken or one leads to nothing. */
static int walk(struct walk *w)
{
	int r;

	while (w->todo < w->end) {
		const char *name = w->todo;
		const char *slash = memchr(name, '/', (size_t)(w->end - name));
		size_t len = (size_t)((slash ? slash : w->end) - name);

		r = step(w, name, len);
		if (r <= 0)
			return r;
		w->todo = slash ? slash + 1 : w->end;
		if (S_ISDIR(tree_type(w->tree, w->at)))
			continue;
		r = follow(w, w->at);
		if (r)
			return r;
	}
	return 0;
}

/* After a link, what is missing may be written in any way. */
static int normalise(struct walk *w)
{
	struct bytes out = BYTES_INIT;
	const char *name, *next;
	int r = 0;

	for (name = w->todo; name < w->end && !r; name = next + 1) {
		size_t len;

		next = memchr(name, '/', (size_t)(w->end - name));
		if (!next)
			next = w->end;
		len = (size_t)(next - name);
		if (!len || is(name, len, "."))
			continue;
		if (is(name, len, ".."))
			r = -ENOENT;
		else if (len > NAME_MAX)
			r = -ENAMETOOLONG;
		else
			r = bytes_addf(&out, out.len ? "/%.*s" : "%.*s",
				       (int)len, name);
	}
	if (r) {
		bytes_release(&out);
		return r;
	}
	bytes_release(w->buf);
	*w->buf = out;
	w->todo = out.data ? out.data : "";
	w->end = w->todo + out.len;
	return 0;
}

int resolve_dir(const struct tree *t, const char *path, size_t len,
		size_t room, uint32_t layer, struct resolved *ret)
{
	struct walk w = {
		.tree = t,
		.at = TREE_ROOT,
		.todo = len ? path + 1 : path,
		.end = path + len,
		.layer = layer,
		.buf = &ret->buf,
	};
	int r;

	*ret = (struct resolved){ .buf = BYTES_INIT };
	r = walk(&w);
	if (!r && w.links) {
		r = normalise(&w);
		if (!r && tree_path_len(t, w.at) + (size_t)(w.end - w.todo) +
					  room + 2 >= PATH_MAX)
			r = -ENAMETOOLONG;
	}
	ret->at = w.at;
	ret->missing = w.todo;
	ret->len = (size_t)(w.end - w.todo);
	return r;
}
