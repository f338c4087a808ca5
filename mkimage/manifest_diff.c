// SPDX-License-Identifier: Apache-2.0
#include "mkimage/manifest_diff.h"

#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/manifest.h"
#include "mkimage/stop.h"

/* An inode with several names, until all have been met: what its further lines
 * do not say. */
struct group {
	char *first;  /* its path: the key */
	char *target; /* of a symbolic link */
	char *common; /* the first of its paths that both manifests have */
	uint32_t left; /* names still to come */
};

struct side {
	struct manifest_reader *reader;
	struct manifest_entry head;
	bool ended;
	void *groups; /* of tsearch(3) */
	struct group *group; /* of the head, or NULL */
};

static int compare_groups(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	return strcmp(x->first, y->first);
}

static void free_group(void *p)
{
	struct group *g = p;

	free(g->first);
	free(g->target);
	free(g->common);
	free(g);
}

static struct group *new_group(struct side *s)
{
	struct group *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->left = s->head.nlink;
	g->first = strdup(s->head.path);
	g->target = s->head.target ? strdup(s->head.target) : NULL;
	if (g->first && (g->target || !s->head.target) &&
	    tsearch(g, &s->groups, compare_groups))
		return g;
	free_group(g);
	return NULL;
}

static int set_group(struct side *s)
{
	const struct manifest_entry *e = &s->head;
	struct group key = { .first = e->target }, **found;

	s->group = NULL;
	if (S_ISDIR(e->mode) || (!e->hardlink && e->nlink < 2))
		return 0;
	if (!e->hardlink) {
		s->group = new_group(s);
		return s->group ? 0 : -ENOMEM;
	}
	found = tfind(&key, &s->groups, compare_groups);
	if (!found)
		return -EBADMSG; /* a link to what did not come before */
	s->group = *found;
	return 0;
}

/* Behind the last name nothing needs the group. */
static void leave_group(struct side *s)
{
	struct group *g = s->group;

	if (!g || --g->left)
		return;
	tdelete(g, &s->groups, compare_groups);
	free_group(g);
	s->group = NULL;
}

static int advance(struct side *s)
{
	int r;

	leave_group(s);
	manifest_entry_release(&s->head);
	r = manifest_reader_next(s->reader, &s->head);
	if (r <= 0) {
		s->ended = true;
		s->group = NULL;
		return r;
	}
	return set_group(s);
}

static const char *target(const struct side *s)
{
	const char *t = s->group ? s->group->target : s->head.target;

	return t ? t : "";
}

static bool same_content(const struct side *a, const struct side *b)
{
	const struct manifest_entry *x = &a->head, *y = &b->head;

	if (S_ISLNK(x->mode))
		return !strcmp(target(a), target(b));
	if (S_ISCHR(x->mode) || S_ISBLK(x->mode))
		return x->rdev == y->rdev;
	if (!S_ISREG(x->mode))
		return true;
	/* A further name has no SHA-1 in its line. */
	return x->size == y->size && x->has_digest == y->has_digest &&
	       !memcmp(&x->verity, &y->verity, sizeof(x->verity));
}

static bool same_xattrs(const struct manifest_entry *x,
			const struct manifest_entry *y)
{
	if (x->nxattrs != y->nxattrs)
		return false;
	for (size_t i = 0; i < x->nxattrs; i++)
		if (strcmp(x->xattrs[i].name, y->xattrs[i].name) ||
		    x->xattrs[i].len != y->xattrs[i].len ||
		    memcmp(x->xattrs[i].value, y->xattrs[i].value,
			   x->xattrs[i].len))
			return false;
	return true;
}

/* The first common path that the head is one file with: often its own. */
static const char *common(struct side *s)
{
	struct group *g = s->group;

	if (!g)
		return s->head.path;
	if (!g->common)
		g->common = strdup(s->head.path);
	return g->common;
}

static int same_links(struct side *a, struct side *b)
{
	const char *x = common(a), *y = common(b);

	return x && y ? !strcmp(x, y) : -ENOMEM;
}

/* enum manifest_change, or -ENOMEM. */
static int compare(struct side *a, struct side *b)
{
	const struct manifest_entry *x = &a->head, *y = &b->head;
	int links = same_links(a, b);
	int what = 0;

	if (links < 0)
		return links;
	if ((x->mode ^ y->mode) & S_IFMT)
		return CHANGE_TYPE;
	if (!same_content(a, b))
		what |= CHANGE_CONTENT;
	if (x->mode != y->mode)
		what |= CHANGE_MODE;
	if (x->uid != y->uid || x->gid != y->gid)
		what |= CHANGE_OWNER;
	if (x->mtime_sec != y->mtime_sec || x->mtime_nsec != y->mtime_nsec)
		what |= CHANGE_TIME;
	if (!same_xattrs(x, y))
		what |= CHANGE_XATTRS;
	return links ? what : what | CHANGE_LINKS;
}

/* One path: which of the sides are to go on is in `order`. */
static int step(struct side *s, int order, manifest_diff_fn fn, void *arg)
{
	int what;

	if (order < 0)
		return fn(arg, 'D', s[0].head.path, 0);
	if (order > 0)
		return fn(arg, 'A', s[1].head.path, 0);
	what = compare(&s[0], &s[1]);
	if (what <= 0)
		return what;
	return fn(arg, 'C', s[0].head.path, (unsigned int)what);
}

static int merge(struct side *s, manifest_diff_fn fn, void *arg,
		 int *ret_side)
{
	int r = 0;

	for (int i = 0; i < 2 && !r; i++) {
		*ret_side = i;
		r = advance(&s[i]);
	}
	while (!r && !(s[0].ended && s[1].ended)) {
		int order = s[0].ended ? 1 : s[1].ended ? -1
			    : strcmp(s[0].head.path, s[1].head.path);

		r = stop_requested();
		if (!r)
			r = step(s, order, fn, arg);
		if (!r && order <= 0) {
			*ret_side = 0;
			r = advance(&s[0]);
		}
		if (!r && order >= 0) {
			*ret_side = 1;
			r = advance(&s[1]);
		}
	}
	return r;
}

int manifest_diff(FILE *a, FILE *b, manifest_diff_fn fn, void *arg,
		  struct manifest_diff_error *ret_where)
{
	struct side s[2] = { { 0 }, { 0 } };
	int side = 0;
	int r = manifest_reader_new(&s[0].reader, a);

	if (!r)
		r = manifest_reader_new(&s[1].reader, b);
	if (!r)
		r = merge(s, fn, arg, &side);
	if (r && s[side].reader) {
		ret_where->side = side;
		ret_where->line = manifest_reader_line(s[side].reader);
	}
	for (int i = 0; i < 2; i++) {
		manifest_entry_release(&s[i].head);
		manifest_reader_free(s[i].reader);
		tdestroy(s[i].groups, free_group);
	}
	return r;
}
