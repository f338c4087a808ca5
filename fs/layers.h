/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The read-only layers below a private area: what a name is in a stack of
 * directories.  Knows overlayfs's and AUFS's whiteouts, opaque directories,
 * redirects and metadata copies in layers; knows nothing of nodes.
 *
 * Inode numbers: a template's file is reported as its own number plus the
 * layer's base.  The bottom layer's base is 0, and each layer above has its
 * distance from the bottom in bits 48 and up, because two templates of a stack
 * can share one inode of the pool and yet be two files.  The private area's
 * base is 0 on the file system of the bottom layer (numbers cannot collide
 * there), else 1023 << 48.
 *
 * Thread safety: all functions but layers_open() and layers_close().
 * Ownership: lower_get()/lower_put() count references; functions that return
 * a struct lower return a reference.  Errors: negative errno.
 */
#ifndef STENCIL_FS_LAYERS_H
#define STENCIL_FS_LAYERS_H

#include "base/bytes.h"
#include "fs/fs_types.h"

#define LAYERS_MAX 500
#define LAYERS_INO_SHIFT 48

/* Opens the directories (top first). */
int layers_open(struct fs *fs, const char *const *paths, size_t n,
		const char **ret_what);
void layers_close(struct fs *fs);

struct lower *lower_get(struct lower *l);
/* NULL is allowed. */
void lower_put(struct fs *fs, struct lower *l);

static inline uint64_t lower_ino(const struct lower *l)
{
	return l->ino + l->layer->ino_base;
}

/* A new position below `parent`. NULL without memory. */
struct lower *lower_child(struct lower *parent, const char *name,
			  const struct stat *st,
			  const struct tindex_entry *entry);

/* stat(2) of it, from the index where there is one: what a look-up says and
 * what comes later must agree. */
int lower_stat(struct fs *fs, struct lower *l, struct stat *ret);

/* Frees the array after putting each entry. */
void lowers_free(struct fs *fs, struct lower **lowers, unsigned n);

/* The directory's descriptor (O_PATH). */
int lower_dirfd(struct fs *fs, struct lower *dir, struct fdref **ret);

/*
 * How to reach a file: a directory's descriptor and a name.  A NULL name
 * means the object behind the descriptor itself.
 */
struct place {
	int dirfd;
	char *name; /* points to buf, or NULL */
	struct fdref *ref;
	char buf[NAME_MAX + 1];
};

void place_release(struct place *p);
#define _cleanup_place __attribute__((cleanup(place_release)))
#define PLACE_INIT { .dirfd = -1 }

int lower_place(struct fs *fs, struct lower *l, struct place *ret);

int place_stat(const struct place *p, struct stat *ret);
/* flags as open(2); O_NOFOLLOW and O_CLOEXEC are added. */
int place_open(const struct place *p, int flags);
/* To read what is in a layer, whose times of access are nobody's: the other
 * containers would see them move. */
int place_open_shared(const struct place *p);
int lower_open_dir(int dirfd);

/* What a name is in the layers. */
struct merged {
	struct stat st;		/* of the topmost */
	struct lower **lowers;	/* directories: all that merge, top first;
				   files: one entry */
	unsigned n;
	struct lower *data;	/* files: where the data is (a reference), may
				   equal lowers[0] */
};

void merged_release(struct fs *fs, struct merged *m);

/* Looks `name` up below the merged directory.  -ENOENT. */
int merged_lookup(struct fs *fs, struct lower *const *dirs, unsigned n,
		  const char *name, struct merged *ret);

/*
 * Looks a redirect up: a path from the layers' roots if it starts with '/',
 * else a name in the merged directory `dirs`.  Only layers from index `from`
 * on are asked.  -ENOENT.
 */
int merged_redirect(struct fs *fs, struct lower *const *dirs, unsigned n,
		    unsigned from, const char *redirect, struct merged *ret);

/* The path of `l` as the layers above it name it, for a redirect. */
int lower_path(const struct lower *l, struct bytes *ret);

#endif
