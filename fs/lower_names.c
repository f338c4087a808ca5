/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/lower_names.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/cleanup.h"
#include "base/fileio.h"

/* 1 MiB a directory at most.  Beyond it the calls are the smaller evil. */
#define NAMES_MAX (256 * 1024)

static uint32_t hash(const char *name)
{
	return (uint32_t)XXH3_64bits(name, strlen(name));
}

static int add(struct lower_names **l, size_t *size, const char *name)
{
	struct lower_names *grown;

	if ((*l)->n == NAMES_MAX) {
		(*l)->unknown = true;
		return 0;
	}
	if ((*l)->n == *size) {
		grown = realloc(*l, sizeof(**l) + 2 * *size * sizeof(uint32_t));
		if (!grown)
			return -ENOMEM;
		*l = grown;
		*size *= 2;
	}
	(*l)->hashes[(*l)->n++] = hash(name);
	return 0;
}

static int compare(const void *pa, const void *pb)
{
	const uint32_t *a = pa, *b = pb;

	return *a < *b ? -1 : *a > *b;
}

static int collect(struct fs *fs, struct lower *dir, struct lower_names **l)
{
	_cleanup_fdref struct fdref *ref = NULL;
	_cleanup_dir DIR *d = NULL;
	int parent = lower_dirfd(fs, dir, &ref), r;
	size_t size = 30;
	struct dirent *e;

	if (parent < 0)
		return parent;
	*l = calloc(1, sizeof(**l) + size * sizeof(uint32_t));
	if (!*l)
		return -ENOMEM;
	r = fileio_fdopendir(lower_open_dir(parent), &d);
	while (!r && (errno = 0, e = readdir(d))) {
		if (!strncmp(e->d_name, LAYER_WH_PREFIX,
			     strlen(LAYER_WH_PREFIX)))
			(*l)->aufs = true;
		r = add(l, &size, e->d_name);
	}
	if (!r)
		r = -errno;
	if (!r && (*l)->n)
		qsort((*l)->hashes, (*l)->n, sizeof((*l)->hashes[0]), compare);
	return r;
}

int lower_names_get(struct fs *fs, struct lower *dir,
		    const struct lower_names **ret)
{
	struct lower_names *mine = NULL, *theirs;
	int r;

	*ret = atomic_load_explicit(&dir->names, memory_order_acquire);
	if (*ret)
		return 0;
	r = collect(fs, dir, &mine);
	if (r) {
		free(mine);
		return r;
	}
	theirs = NULL;
	if (!atomic_compare_exchange_strong(&dir->names, &theirs, mine)) {
		free(mine);
		mine = theirs;
	}
	*ret = mine;
	return 0;
}

bool lower_names_may_have(const struct lower_names *l, const char *name)
{
	uint32_t h;

	if (!l || l->unknown)
		return true;
	h = hash(name);
	return bsearch(&h, l->hashes, l->n, sizeof(h), compare) != NULL;
}
