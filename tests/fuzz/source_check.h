/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What mkimage/source.h promises of items and blocks, asked of a source to its
 * end; whatever the input, a broken promise aborts.  For the fuzzers and the
 * unit tests of damaged archives.
 */
#ifndef STENCIL_TESTS_FUZZ_SOURCE_CHECK_H
#define STENCIL_TESTS_FUZZ_SOURCE_CHECK_H

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/layer_format.h"
#include "mkimage/source.h"

static inline void require(int condition)
{
	if (!condition)
		abort();
}

/* Absolute and normalised, and each part of it can be a name. */
static inline void source_check_path(const char *path)
{
	require(path && path[0] == '/' && strlen(path) < PATH_MAX);
	if (!path[1])
		return;
	for (const char *p = path; *p;) {
		size_t n = strcspn(++p, "/");

		require(n > 0 && n <= NAME_MAX);
		require(!(n == 1 && p[0] == '.'));
		require(!(n == 2 && p[0] == '.' && p[1] == '.'));
		p += n;
	}
}

static inline void source_check_xattrs(const struct manifest_entry *e)
{
	for (size_t i = 0; i < e->nxattrs; i++) {
		const struct manifest_xattr *x = &e->xattrs[i];

		require(x->name[0] && (x->value || !x->len));
		require(strncmp(x->name, STENCIL_NS_TRUSTED,
				strlen(STENCIL_NS_TRUSTED)) != 0);
		require(strncmp(x->name, STENCIL_NS_USER,
				strlen(STENCIL_NS_USER)) != 0);
		require(!i || strcmp(e->xattrs[i - 1].name, x->name) < 0);
	}
}

static inline void source_check_entry(const struct manifest_entry *e)
{
	source_check_path(e->path);
	if (e->hardlink) {
		source_check_path(e->target);
		return;
	}
	require(S_ISREG(e->mode) || S_ISDIR(e->mode) || S_ISLNK(e->mode) ||
		S_ISFIFO(e->mode) || S_ISCHR(e->mode) || S_ISBLK(e->mode));
	require(!(e->mode & ~(mode_t)(S_IFMT | 07777)));
	require(e->uid != UINT32_MAX && e->gid != UINT32_MAX);
	require(e->mtime_nsec < 1000000000);
	require(S_ISLNK(e->mode) == !!e->target);
	if (e->target)
		require(e->target[0] && strlen(e->target) == e->size &&
			e->size < PATH_MAX);
	source_check_xattrs(e);
}

/* Reads what is to be read of one item: 0 or the source's error. */
static inline int source_check_data(struct source *s,
				    const struct manifest_entry *e)
{
	struct source_block b;
	uint64_t end = 0;
	unsigned char sum = 0;
	int r;

	while ((r = source_data(s, &b)) > 0) {
		const unsigned char *data = b.data;

		require(b.offset >= end && b.offset <= e->size);
		require(b.len <= e->size - b.offset);
		end = b.offset + b.len;
		/* All of it can be read. */
		for (size_t i = 0; i < b.len; i++)
			sum ^= data[i];
	}
	*(volatile unsigned char *)&sum;
	return r;
}

/* To the source's end or its first error, which is returned. */
static inline int source_check_all(struct source *s)
{
	struct source_item item;
	uint32_t layer = 0;
	int r;

	while ((r = source_next(s, &item)) > 0) {
		require(item.layer >= layer);
		layer = item.layer;
		if (item.kind == SOURCE_ENTRY) {
			source_check_entry(&item.entry);
			if (!item.entry.hardlink && S_ISREG(item.entry.mode))
				r = source_check_data(s, &item.entry);
		} else {
			source_check_path(item.entry.path);
		}
		source_item_release(&item);
		if (r < 0)
			return r;
	}
	return r;
}

#endif
