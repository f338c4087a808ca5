/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a name is in a stack of directories: the part of fs/layers.h that
 * knows whiteouts, opaque directories, redirects and metadata copies.
 */
#include "fs/layers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "fs/lower_names.h"
#include "fs/marks.h"

/* A look-up in progress. */
struct walk {
	struct fs *fs;
	struct lower *const *dirs;
	unsigned n;
	const char *name;
	struct merged *out;
};

/* What one layer has of the name. */
struct hit {
	struct stat st;
	const struct tindex_entry *entry; /* in the layer's index, or NULL */
	struct lower *dir;
	struct fdref *ref;
	int fd; /* the directory, once it was needed: hit_dirfd() */
};

enum step { STEP_NEXT, STEP_DONE }; /* or -errno */

static void hit_release(struct hit *h)
{
	cleanup_fdref(&h->ref);
}

static int hit_dirfd(struct fs *fs, struct hit *h)
{
	if (h->fd < 0)
		h->fd = lower_dirfd(fs, h->dir, &h->ref);
	return h->fd;
}

void merged_release(struct fs *fs, struct merged *m)
{
	lowers_free(fs, m->lowers, m->n);
	lower_put(fs, m->data);
	memset(m, 0, sizeof(*m));
}

/* 1 if the layer hides `name` of the layers below by a .wh. name. */
static int aufs_hides(struct fs *fs, struct hit *h, const char *name)
{
	const struct lower_names *names;
	char wh[NAME_MAX + 1];
	int len, fd, r;

	r = lower_names_get(fs, h->dir, &names);
	if (r || !names->aufs)
		return r;
	len = snprintf(wh, sizeof(wh), LAYER_WH_PREFIX "%s", name);
	if (len < 0 || (size_t)len >= sizeof(wh) ||
	    !lower_names_may_have(names, wh))
		return 0;
	fd = hit_dirfd(fs, h);
	if (fd < 0)
		return fd;
	if (!faccessat(fd, wh, F_OK, AT_SYMLINK_NOFOLLOW))
		return 1;
	return errno == ENOENT ? 0 : -errno;
}

static bool is_whiteout_dev(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

static enum marks_dialect dialect(const struct lower *dir)
{
	return dir->layer->foreign ? MARKS_FOREIGN : MARKS_TEMPLATE;
}

/* Adds `m`'s directories behind those found so far; they are named from
 * above like the topmost. */
static int append(struct walk *w, struct merged *m)
{
	struct merged *out = w->out;
	_cleanup_bytes struct bytes path = BYTES_INIT;
	struct lower **more;
	int r;

	if (!S_ISDIR(m->st.st_mode))
		return 0;
	r = lower_path(out->lowers[0], &path);
	if (r)
		return r;
	more = reallocarray(out->lowers, out->n + m->n, sizeof(*more));
	if (!more)
		return -ENOMEM;
	out->lowers = more;
	for (unsigned i = 0; i < m->n; i++) {
		if (!m->lowers[i]->merged) {
			m->lowers[i]->merged = strdup(path.data);
			if (!m->lowers[i]->merged)
				return -ENOMEM;
		}
		more[out->n++] = lower_get(m->lowers[i]);
	}
	return 0;
}

static int follow_redirect(struct walk *w, unsigned i, const char *redirect)
{
	struct merged m = { 0 };
	int r = merged_redirect(w->fs, w->dirs + i + 1, w->n - i - 1,
				w->dirs[i]->layer->index + 1, redirect, &m);

	if (r == -ENOENT)
		return STEP_DONE;
	if (!r)
		r = append(w, &m);
	merged_release(w->fs, &m);
	return r ? r : STEP_DONE;
}

/* The marks of what was found; an index tells where there are none. */
static int read_marks(struct walk *w, struct hit *h, struct marks *ret)
{
	int fd;

	if (h->entry && !(tindex_flags(h->entry) & TINDEX_MARKS))
		return 0;
	fd = hit_dirfd(w->fs, h);
	return fd < 0 ? fd
		      : marks_read(w->fs, fd, w->name, dialect(h->dir), ret);
}

/* In a foreign layer: is the directory opaque by AUFS's file, or hidden by a
 * whiteout beside it, which is of what is below? */
static int aufs_ends(struct walk *w, struct hit *h)
{
	char buf[FILEIO_PROC_PATH];
	int fd = hit_dirfd(w->fs, h);
	struct stat opq;

	if (fd < 0)
		return fd;
	snprintf(buf, sizeof(buf), "%s/" LAYER_WH_OPAQUE, w->name);
	if (!fstatat(fd, buf, &opq, AT_SYMLINK_NOFOLLOW))
		return 1;
	return aufs_hides(w->fs, h, w->name);
}

static int add_dir(struct walk *w, unsigned i, struct hit *h)
{
	bool last = i + 1 == w->n;
	struct lower *dir = w->dirs[i], **more, *child;
	_cleanup_marks struct marks marks = { 0 };
	int r;

	if (!last || dir->layer->foreign) {
		r = read_marks(w, h, &marks);
		if (r)
			return r;
	}
	child = lower_child(dir, w->name, &h->st, h->entry);
	more = child ? reallocarray(w->out->lowers, w->out->n + 1,
				    sizeof(*more)) :
		       NULL;
	if (!more) {
		lower_put(w->fs, child);
		return -ENOMEM;
	}
	child->has_xwhiteouts = marks.xwhiteouts;
	w->out->lowers = more;
	if (!w->out->n)
		w->out->st = h->st;
	more[w->out->n++] = child;
	if (last || marks.opaque)
		return STEP_DONE;
	if (dir->layer->foreign) {
		r = aufs_ends(w, h);
		if (r)
			return r < 0 ? r : STEP_DONE;
	}
	if (marks.redirect)
		return follow_redirect(w, i, marks.redirect);
	return STEP_NEXT;
}

/* The data of a metadata copy in a layer lies in the layers below it. */
static int find_data(struct walk *w, unsigned i, struct hit *h)
{
	_cleanup_marks struct marks marks = { 0 };
	struct lower *dir = w->dirs[i];
	struct merged m = { 0 };
	int r = 0;

	if (dir->layer->foreign && dir->layer->index + 1 < w->fs->nlayers)
		r = read_marks(w, h, &marks);
	if (r)
		return r;
	if (!marks.metacopy) {
		w->out->data = lower_get(w->out->lowers[0]);
		return STEP_DONE;
	}
	if (marks.redirect)
		r = merged_redirect(w->fs, w->dirs + i + 1, w->n - i - 1,
				    dir->layer->index + 1, marks.redirect, &m);
	else
		r = merged_lookup(w->fs, w->dirs + i + 1, w->n - i - 1,
				  w->name, &m);
	if (!r && !S_ISREG(m.st.st_mode))
		r = -EIO;
	if (!r) {
		w->out->data = lower_get(m.data);
		w->out->st.st_blocks = m.st.st_blocks;
	}
	merged_release(w->fs, &m);
	return r == -ENOENT ? -EIO : r ? r : STEP_DONE;
}

static int add_file(struct walk *w, unsigned i, struct hit *h)
{
	struct lower *dir = w->dirs[i];

	/* Below a directory of a higher layer: hidden. */
	if (w->out->n)
		return STEP_DONE;
	w->out->lowers = calloc(1, sizeof(struct lower *));
	if (!w->out->lowers)
		return -ENOMEM;
	w->out->lowers[0] = lower_child(dir, w->name, &h->st,
					 h->entry);
	if (!w->out->lowers[0])
		return -ENOMEM;
	w->out->n = 1;
	w->out->st = h->st;
	if (S_ISREG(h->st.st_mode))
		return find_data(w, i, h);
	w->out->data = lower_get(w->out->lowers[0]);
	return STEP_DONE;
}

static int find_indexed(struct walk *w, struct hit *h)
{
	const struct layer *layer = h->dir->layer;
	int r = tindex_find(layer->tindex, h->dir->entry, w->name, &h->entry);

	if (r)
		return r == -EBADMSG ? -EIO : r;
	tindex_stat(layer->tindex, h->entry, layer->dev, &h->st);
	return 0;
}

static int find_on_disk(struct walk *w, struct hit *h)
{
	int fd;

	if (!lower_names_may_have(atomic_load_explicit(&h->dir->names,
						       memory_order_acquire),
				  w->name))
		return -ENOENT;
	fd = hit_dirfd(w->fs, h);
	if (fd < 0)
		return fd;
	return fstatat(fd, w->name, &h->st, AT_SYMLINK_NOFOLLOW) ? -errno : 0;
}

/* The layer does not have it; but it may hide what others have. */
static int missed(struct walk *w, unsigned i, struct hit *h)
{
	int r;

	if (i + 1 == w->n || !h->dir->layer->foreign)
		return STEP_NEXT;
	r = aufs_hides(w->fs, h, w->name);
	return r < 0 ? r : r ? STEP_DONE : STEP_NEXT;
}

static int lookup_hit(struct walk *w, unsigned i, struct hit *h)
{
	int r = h->dir->entry ? find_indexed(w, h) : find_on_disk(w, h);

	if (r)
		return r == -ENOENT ? missed(w, i, h) : r;
	if (is_whiteout_dev(&h->st))
		return STEP_DONE;
	if (h->dir->has_xwhiteouts && S_ISREG(h->st.st_mode) &&
	    !h->st.st_size) {
		_cleanup_marks struct marks marks = { 0 };

		r = read_marks(w, h, &marks);
		if (r)
			return r;
		if (marks.xwhiteout)
			return STEP_DONE;
	}
	return S_ISDIR(h->st.st_mode) ? add_dir(w, i, h) : add_file(w, i, h);
}

static int lookup_layer(struct walk *w, unsigned i)
{
	struct hit h = { .dir = w->dirs[i], .fd = -1 };
	int r;

	if (h.dir->layer->foreign &&
	    !strncmp(w->name, LAYER_WH_PREFIX, strlen(LAYER_WH_PREFIX)))
		return STEP_NEXT;
	r = lookup_hit(w, i, &h);
	hit_release(&h);
	return r;
}

int merged_lookup(struct fs *fs, struct lower *const *dirs, unsigned n,
		  const char *name, struct merged *ret)
{
	struct merged out = { 0 };
	struct walk w = { fs, dirs, n, name, &out };
	int r = STEP_NEXT;

	for (unsigned i = 0; r == STEP_NEXT && i < n; i++)
		r = lookup_layer(&w, i);
	if (r >= 0 && !out.n)
		r = -ENOENT;
	if (r < 0) {
		merged_release(fs, &out);
		return r;
	}
	*ret = out;
	return 0;
}

/* Walks a path from the roots of the layers from index `from` on. */
static int redirect_path(struct fs *fs, unsigned from, const char *path,
			 struct merged *ret)
{
	_cleanup_free char *copy = strdup(path);
	struct merged cur = { 0 }, next;
	struct lower *const *dirs = fs->roots + from;
	unsigned n = fs->nlayers - from;
	char *save, *name;
	int r = -ENOENT;

	if (!copy)
		return -ENOMEM;
	for (name = strtok_r(copy, "/", &save); name;
	     name = strtok_r(NULL, "/", &save)) {
		r = cur.n && !S_ISDIR(cur.st.st_mode) ? -ENOENT : 0;
		/* A layer is input: nothing may lead out of it. */
		if (!r && (!strcmp(name, "..") || !strcmp(name, ".")))
			r = -EIO;
		if (r)
			break;
		r = merged_lookup(fs, dirs, n, name, &next);
		if (r)
			break;
		merged_release(fs, &cur);
		cur = next;
		dirs = cur.lowers;
		n = cur.n;
	}
	if (r) {
		merged_release(fs, &cur);
		return r;
	}
	*ret = cur;
	return 0;
}

int merged_redirect(struct fs *fs, struct lower *const *dirs, unsigned n,
		    unsigned from, const char *redirect, struct merged *ret)
{
	while (n && dirs[0]->layer->index < from) {
		dirs++;
		n--;
	}
	if (from >= fs->nlayers)
		return -ENOENT;
	if (redirect[0] == '/')
		return redirect_path(fs, from, redirect, ret);
	if (!redirect[0] || strchr(redirect, '/') || !strcmp(redirect, "..") ||
	    !strcmp(redirect, "."))
		return -EIO;
	return merged_lookup(fs, dirs, n, redirect, ret);
}
