// SPDX-License-Identifier: Apache-2.0
/*
 * A version's tree against its manifest: both are gone through in the order of
 * the manifest, side by side, so that neither is held in memory.  That is the
 * byte order of whole paths, in which "/a-b" comes between "/a" and "/a/b": a
 * directory's name and what is below it are two items of the list that is
 * sorted.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/fileio.h"
#include "base/layer_format.h"
#include "base/manifest.h"
#include "mkimage/check.h"
#include "mkimage/check_index.h"
#include "mkimage/meta.h"
#include "mkimage/progress.h"
#include "mkimage/stop.h"

#define LINKS STENCIL_NS_TRUSTED STENCIL_LINKS

/* Names of one inode, until all have been met. */
struct group {
	char *first;  /* its path: the key */
	char *target; /* of a symbolic link */
	struct sha1 sha1;
	uint64_t ino; /* 0 while none of them was there */
	uint32_t names, seen;
	struct bytes paths; /* each with its NUL */
	char links[META_LINKS_MAX];
};

struct walk {
	struct check *check;
	int rootfd;
	struct manifest_reader *reader;
	struct manifest_entry head; /* the next of the manifest */
	bool ended;		    /* there is none */
	bool damaged;		    /* the manifest cannot be read further */
	void *groups;		    /* of tsearch(3) */
	struct inodes seen;	    /* files of this tree */
	struct tindex *index;	    /* or NULL */
	const struct tindex_entry *dir; /* of the index: what holds the name in
					   work, or NULL */
	struct check_totals totals;
};

static void found(struct walk *w, const char *path, int err, const char *what)
{
	findings_add(&w->check->findings, path, err, what);
}

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
	bytes_release(&g->paths);
	free(g);
}

static struct group *find_group(struct walk *w, const char *first)
{
	struct group key = { .first = (char *)first };
	struct group **found_at = tfind(&key, &w->groups, compare_groups);

	return found_at ? *found_at : NULL;
}

static struct group *new_group(struct walk *w, const struct manifest_entry *e)
{
	struct group *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->first = strdup(e->path);
	g->target = e->target ? strdup(e->target) : NULL;
	g->sha1 = e->sha1;
	g->names = e->nlink;
	if (g->first && (g->target || !e->target) &&
	    tsearch(g, &w->groups, compare_groups))
		return g;
	free_group(g);
	return NULL;
}

/* All names were met: the attribute has to name them. */
static int end_group(struct walk *w, struct group *g, mode_t mode)
{
	char want[META_LINKS_MAX];
	struct sha256 paths;
	int r = 0;

	if (S_ISREG(mode) && g->ino) {
		r = sha256_of(g->paths.data, g->paths.len, &paths);
		if (!r) {
			meta_links_value(g->names, &paths, want);
			if (strcmp(want, g->links))
				found(w, g->first, 0, "attribute " LINKS
				      " does not name its hard links");
		}
	}
	tdelete(g, &w->groups, compare_groups);
	free_group(g);
	return r;
}

/* The next entry into w->head. */
static int advance(struct walk *w)
{
	char what[64];
	int r;

	manifest_entry_release(&w->head);
	r = manifest_reader_next(w->reader, &w->head);
	if (r > 0) {
		w->totals.entries++;
		return 0;
	}
	w->ended = true;
	if (!r || r == -ENOMEM)
		return r;
	w->damaged = true;
	snprintf(what, sizeof(what), "cannot be read from line %lu on",
		 manifest_reader_line(w->reader));
	found(w, "manifest", r, what);
	return 0;
}

/* What stands in the manifest beside what the tree has, or has not. */
static int add_to_group(struct walk *w, const struct manifest_entry *e,
			struct group **ret)
{
	struct group *g = NULL;
	int r;

	if (!S_ISDIR(e->mode) && (e->hardlink || e->nlink > 1))
		g = e->hardlink ? find_group(w, e->target) : new_group(w, e);
	if (!g) {
		*ret = NULL;
		return e->hardlink || S_ISDIR(e->mode) || e->nlink <= 1
			       ? 0 : -ENOMEM;
	}
	g->seen++;
	r = bytes_add(&g->paths, e->path, strlen(e->path) + 1);
	if (!r)
		*ret = g;
	return r;
}

static int count(struct walk *w, const struct manifest_entry *e,
		 struct group **ret)
{
	if (S_ISREG(e->mode) && !e->hardlink) {
		w->totals.files++;
		w->totals.bytes += e->size;
	}
	return add_to_group(w, e, ret);
}

static int close_group(struct walk *w, struct group *g, mode_t mode)
{
	return g && g->seen == g->names ? end_group(w, g, mode) : 0;
}

static int missing(struct walk *w)
{
	struct group *g;
	mode_t mode = w->head.mode;
	int r = count(w, &w->head, &g);

	found(w, w->head.path, 0, "is missing");
	if (!r)
		r = close_group(w, g, mode);
	return r ? r : advance(w);
}

static int check_batch(struct walk *w)
{
	return w->check->batch.n ? check_contents(w->check, w->rootfd, "/") : 0;
}

/* Files that were read with the pool, or for another template, are not read
 * again, unless they were found to be other than they should. */
static int add_content(struct walk *w, const struct manifest_entry *e,
		       uint64_t ino)
{
	const struct rehash_digests want = { e->sha1, e->verity };
	const uint64_t *known = inodes_find(&w->check->known, ino);
	struct rehash_job *job;
	int r;

	if (known && *known == check_fingerprint(&want))
		return 0;
	r = rehash_add(&w->check->batch, e->path + 1, ino, &job);
	if (r)
		return r;
	job->want = want;
	return w->check->batch.n < REHASH_BATCH ? 0 : check_batch(w);
}

/* A file's number of links, its attribute for them, and that no other file is
 * the same inode. */
static int check_links(struct walk *w, int dirfd, const char *name,
		       const struct manifest_entry *e, struct group *g,
		       uint64_t ino, uint64_t links)
{
	char value[META_LINKS_MAX];
	int r = meta_get_links(dirfd, name, value);
	uint64_t *seen;

	if (links < 2) /* the pool's name and this one */
		found(w, e->path, 0, "is not in the pool");
	if (r && r != -ENODATA && r != -EOPNOTSUPP)
		found(w, e->path, r, "attribute " LINKS);
	else if (!r && !g)
		found(w, e->path, 0, "attribute " LINKS
		      " on a file without hard links");
	else if (!r)
		memcpy(g->links, value, sizeof(value));
	r = inodes_get(&w->seen, ino, &seen);
	if (r)
		return r;
	if (*seen)
		found(w, e->path, 0, "is one inode with another file");
	*seen = 1;
	return 0;
}

/* The entry is there under its name. */
static int check_inode(struct walk *w, int dirfd, const char *name,
		       const struct manifest_entry *e, struct group *g)
{
	uint64_t ino, links;
	int r = check_entry(w->check, dirfd, name, e, &ino, &links);

	if (r <= 0)
		return r;
	if (g)
		g->ino = ino;
	if (!S_ISREG(e->mode))
		return 0;
	r = check_links(w, dirfd, name, e, g, ino, links);
	return r ? r : add_content(w, e, ino);
}

/* A further name of an inode: the same number is all there is to see. */
static int check_hardlink(struct walk *w, int dirfd, const char *name,
			  const struct manifest_entry *e, struct group *g)
{
	struct manifest_entry as_first = *e;
	struct stat st;

	if (!g) {
		found(w, e->path, 0, "the manifest has no such hard link");
		return 0;
	}
	if (g->ino && !fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW)) {
		if (st.st_ino == g->ino)
			return 0;
		found(w, e->path, 0, "is not the same file as its hard links");
	}
	as_first.sha1 = g->sha1;
	as_first.target = g->target;
	return check_inode(w, dirfd, name, &as_first, g);
}

/* What containers are told of it. */
static void check_index(struct walk *w, int dirfd, const char *name)
{
	const struct tindex_entry *i;
	struct stat st;

	if (!w->index || fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW))
		return;
	i = w->head.path[1] ? check_index_find(w->index, w->dir, name)
			    : tindex_root(w->index);
	check_index_entry(&w->check->findings, w->index, i, &w->head,
			  st.st_ino);
}

static int present(struct walk *w, int dirfd, const char *name)
{
	const struct manifest_entry *e = &w->head;
	mode_t mode = e->mode;
	struct group *g;
	int r = count(w, e, &g);

	if (!r)
		r = e->hardlink ? check_hardlink(w, dirfd, name, e, g)
				: check_inode(w, dirfd, name, e, g);
	if (!r)
		check_index(w, dirfd, name);
	if (!r)
		r = close_group(w, g, mode);
	return r ? r : advance(w);
}

/* A path that the tree has. */
static int visit(struct walk *w, int dirfd, const char *name, const char *path)
{
	int r = stop_requested();

	while (!r && !w->ended && strcmp(w->head.path, path) < 0)
		r = missing(w);
	if (r)
		return r;
	if (!w->ended && !strcmp(w->head.path, path))
		return present(w, dirfd, name);
	if (!w->damaged)
		found(w, path, 0, "should not be there");
	return 0;
}

struct item {
	char *name;
	bool below; /* what the directory holds, and not its name */
};

struct items {
	struct item *at;
	size_t n, size;
};

static void release_items(struct items *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (!l->at[i].below)
			free(l->at[i].name);
	free(l->at);
}

static int add_item(struct items *l, char *name, bool below)
{
	if (l->n == l->size) {
		size_t size = l->size ? 2 * l->size : 64;
		struct item *grown = reallocarray(l->at, size, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		l->at = grown;
		l->size = size;
	}
	l->at[l->n++] = (struct item){ name, below };
	return 0;
}

static int compare_items(const void *x, const void *y)
{
	const struct item *a = x, *b = y;
	size_t n = 0;
	unsigned char ca, cb;

	while (a->name[n] && a->name[n] == b->name[n])
		n++;
	ca = a->name[n] ? (unsigned char)a->name[n] : a->below ? '/' : 0;
	cb = b->name[n] ? (unsigned char)b->name[n] : b->below ? '/' : 0;
	return (int)ca - (int)cb;
}

static int add_name(struct items *l, int fd, const struct dirent *d)
{
	bool is_dir = d->d_type == DT_DIR;
	char *name = strdup(d->d_name);
	struct stat st;
	int r = name ? add_item(l, name, false) : -ENOMEM;

	if (r) {
		free(name);
		return r;
	}
	if (d->d_type == DT_UNKNOWN)
		is_dir = !fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) &&
			 S_ISDIR(st.st_mode);
	return is_dir ? add_item(l, name, true) : 0;
}

static int list(DIR *dir, struct items *l)
{
	struct dirent *d;
	int r = 0;

	while (!r && (errno = 0, d = readdir(dir)))
		if (strcmp(d->d_name, ".") && strcmp(d->d_name, ".."))
			r = add_name(l, dirfd(dir), d);
	if (!r)
		r = -errno;
	if (l->n)
		qsort(l->at, l->n, sizeof(*l->at), compare_items);
	return r;
}

/* What is below a directory that cannot be read is not missing. */
static int skip_below(struct walk *w, const char *path, int err)
{
	size_t len = strlen(path);
	struct group *g;
	int r = 0;

	if (err == -ENOMEM)
		return err;
	found(w, path[0] ? path : "/", err, "cannot be read");
	while (!r && !w->ended && !strncmp(w->head.path, path, len) &&
	       w->head.path[len] == '/') {
		r = count(w, &w->head, &g);
		if (!r)
			r = advance(w);
	}
	return r;
}

/* As deep as a path has components: PATH_MAX / 2. */
static int walk_below(struct walk *w, int above, const char *name,
		      const struct tindex_entry *indexed, struct bytes *path)
{
	struct items l = { NULL, 0, 0 };
	_cleanup_dir DIR *dir = NULL;
	size_t len = path->len, n = 0;
	int r = len < PATH_MAX ? fileio_opendir(above, name, &dir)
			       : -ENAMETOOLONG;

	if (!r)
		r = list(dir, &l);
	if (r)
		r = skip_below(w, len ? path->data : "", r);
	for (size_t i = 0; dir && i < l.n && !r; i++) {
		path->len = len;
		r = bytes_adds(path, "/");
		if (!r)
			r = bytes_adds(path, l.at[i].name);
		if (r)
			break;
		w->dir = indexed;
		if (l.at[i].below)
			r = walk_below(w, dirfd(dir), l.at[i].name,
				       check_index_find(w->index, indexed,
							l.at[i].name), path);
		else
			r = visit(w, dirfd(dir), l.at[i].name, path->data);
		n += !l.at[i].below;
	}
	/* Names that differ from the manifest's have been told. */
	if (!r && indexed && !w->check->findings.n) {
		path->len = len;
		if (len)
			path->data[len] = '\0';
		check_index_count(&w->check->findings, w->index, indexed,
				  len ? path->data : "/", n);
	}
	release_items(&l);
	return r;
}

static int walk(struct walk *w)
{
	_cleanup_bytes struct bytes path = BYTES_INIT;
	int r = advance(w);

	if (!r)
		r = visit(w, w->rootfd, ".", "/");
	if (!r)
		r = walk_below(w, w->rootfd, ".",
			       w->index ? tindex_root(w->index) : NULL, &path);
	while (!r && !w->ended)
		r = missing(w);
	return r ? r : check_batch(w);
}

/* The version is the digest of the manifest. */
static int check_version(struct check *c, FILE *f, const char *version)
{
	char hex[SHA256_HEX + 1], buf[65536];
	struct digest_ctx *digest;
	struct sha256 sha256;
	size_t n;
	int r = digest_new(&digest, DIGEST_SHA256);

	if (r)
		return r;
	while (!r && (n = fread(buf, 1, sizeof(buf), f)))
		r = digest_update(digest, buf, n);
	if (!r)
		r = digest_final(digest, sha256.bytes);
	digest_free(digest);
	if (r)
		return r;
	bytes_to_hex(sha256.bytes, sizeof(sha256.bytes), hex);
	if (ferror(f))
		findings_add(&c->findings, "manifest", -EIO, "cannot be read");
	else if (strcmp(hex, version))
		findings_add(&c->findings, "manifest", 0,
			     "is not the one that the version is the digest of");
	rewind(f);
	return 0;
}

static int compare_tree(struct check *c, FILE *manifest, int rootfd,
			struct check_totals *ret)
{
	struct walk w = {
		.check = c,
		.rootfd = rootfd,
		.index = check_index_open(&c->findings, rootfd),
	};
	int r = manifest_reader_new(&w.reader, manifest);

	if (!r)
		r = walk(&w);
	if (r == -ENOMEM || r == -EINTR)
		rehash_clear(&c->batch);
	manifest_entry_release(&w.head);
	manifest_reader_free(w.reader);
	tindex_close(w.index);
	tdestroy(w.groups, free_group);
	inodes_release(&w.seen);
	if (r)
		return r;
	*ret = w.totals;
	return !w.damaged;
}

static int open_part(struct check *c, int versionfd, const char *name,
		     int flags)
{
	int fd = openat(versionfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC |
			flags);

	if (fd < 0)
		findings_add(&c->findings, name, -errno, "cannot be read");
	return fd;
}

int check_tree(struct check *c, int versionfd, const char *version,
	       struct check_totals *ret)
{
	_cleanup_fd int rootfd = open_part(c, versionfd, "root", O_DIRECTORY);
	_cleanup_fd int fd = open_part(c, versionfd, "manifest", 0);
	_cleanup_file FILE *manifest = fd < 0 ? NULL : fdopen(fd, "r");
	int r;

	if (fd < 0 || rootfd < 0)
		return 0;
	if (!manifest)
		return -errno;
	take_fd(&fd);
	r = check_version(c, manifest, version);
	return r ? r : compare_tree(c, manifest, rootfd, ret);
}
