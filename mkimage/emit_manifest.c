// SPDX-License-Identifier: Apache-2.0
/*
 * The one walk over the finished tree, in the order of paths: each name's line
 * into the manifest, each file that is to be placed into a list, each inode
 * with several names into groups.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "base/manifest.h"
#include "mkimage/emit_types.h"

#define CHUNK (256 << 10)

struct writer {
	struct emit *emit;
	int fd;
	struct bytes chunk;
	struct bytes target; /* of the hard link in work */
	struct digest_ctx *digest;
};

static int flush(struct writer *w)
{
	int r = digest_update(w->digest, w->chunk.data, w->chunk.len);

	if (!r)
		r = fileio_write_all(w->fd, w->chunk.data, w->chunk.len);
	w->chunk.len = 0;
	return r;
}

const struct emit_group *emit_find_group(const struct emit *e, tree_node n)
{
	uint32_t *number = tree_group_number(e->tree, n);

	if (!number || !*number)
		return NULL;
	return (const struct emit_group *)e->groups.data + *number - 1;
}

static int new_group(struct emit *e, tree_node n, uint32_t *number)
{
	uint32_t nlink = tree_nlink(e->tree, n);
	struct emit_group *g;
	size_t names, at;
	int r = arena_add(&e->names, nlink * sizeof(tree_node), &names);

	if (!r)
		r = arena_add(&e->groups, sizeof(*g), &at);
	if (r)
		return r;
	g = (struct emit_group *)(e->groups.data + at);
	*g = (struct emit_group){ tree_inode(e->tree, n),
				  (uint32_t)(names / sizeof(tree_node)), 0 };
	*number = (uint32_t)(at / sizeof(*g) + 1);
	return 0;
}

/* Notes one more name of an inode with several: 1 for the first, 0. */
static int note_name(struct emit *e, tree_node n)
{
	uint32_t *number = tree_group_number(e->tree, n);
	struct emit_group *g;
	int r;

	if (!number)
		return 1;
	if (!*number) {
		r = new_group(e, n, number);
		if (r)
			return r;
	}
	g = (struct emit_group *)e->groups.data + *number - 1;
	((tree_node *)e->names.data)[g->first + g->n] = n;
	return !g->n++;
}

static int add_key(struct emit *e, tree_node n, const struct sha1 *sha1)
{
	struct emit_key *key;
	size_t at;
	int r = arena_add(&e->keys, sizeof(*key), &at);

	if (r)
		return r;
	key = (struct emit_key *)(e->keys.data + at);
	memcpy(&key->digest, sha1->bytes, sizeof(key->digest));
	key->order = (uint32_t)(at / sizeof(*key));
	key->node = n;
	return 0;
}

static int note_file(struct emit *e, tree_node n,
		     const struct manifest_entry *entry)
{
	e->totals.files++;
	e->totals.bytes += entry->size;
	if (tree_marked(e->tree, n, TREE_STAGED))
		return add_key(e, n, &entry->sha1);
	e->totals.shared++;
	e->totals.avoided += entry->size;
	return 0;
}

int emit_unshared(struct emit *e, tree_node n)
{
	struct manifest_entry entry;
	int r = tree_get(e->tree, n, &entry, NULL);

	if (r)
		return emit_failed(e, r, tree_name(e->tree, n));
	e->totals.shared--;
	e->totals.avoided -= entry.size;
	r = add_key(e, n, &entry.sha1);
	manifest_entry_release(&entry);
	return r ? emit_failed(e, r, tree_name(e->tree, n)) : 0;
}

/* The path of the first name, in place of what the record has. */
static int set_hardlink(struct writer *w, tree_node n,
			struct manifest_entry *entry)
{
	struct emit *e = w->emit;
	tree_node first = emit_group_name(e, emit_find_group(e, n), 0);
	int r;

	w->target.len = 0;
	r = bytes_adds(&w->target, "/");
	if (!r)
		r = tree_path(e->tree, first, &w->target);
	entry->hardlink = true;
	entry->target = w->target.data;
	return r;
}

/* What is in `entry` is of the record, but for the path and such a target. */
static int note_entry(struct writer *w, tree_node n, const char *path,
		      struct manifest_entry *entry)
{
	struct emit *e = w->emit;
	char *target = entry->target;
	int first = note_name(e, n);
	int r = first < 0 ? first : 0;

	e->totals.entries++;
	if (first > 0 && S_ISREG(entry->mode))
		r = note_file(e, n, entry);
	if (!first)
		r = set_hardlink(w, n, entry);
	entry->path = (char *)path;
	entry->nlink = tree_nlink(e->tree, n);
	if (S_ISDIR(entry->mode))
		entry->size = 0;
	if (!r)
		r = manifest_format(entry, &w->chunk);
	entry->path = NULL;
	entry->target = target;
	return r;
}

static int write_entry(tree_node n, const char *path, void *arg)
{
	struct manifest_entry entry;
	struct writer *w = arg;
	int r = tree_get(w->emit->tree, n, &entry, NULL);

	if (!r) {
		r = note_entry(w, n, path, &entry);
		manifest_entry_release(&entry);
	}
	if (r)
		return emit_failed(w->emit, r, path);
	if (w->chunk.len < CHUNK)
		return 0;
	r = flush(w);
	return r ? emit_failed(w->emit, r, "the manifest") : 0;
}

int emit_manifest(struct emit *e, int fd, struct sha256 *ret_version)
{
	struct writer w = { e, fd, BYTES_INIT, BYTES_INIT, NULL };
	int r = digest_new(&w.digest, DIGEST_SHA256);

	if (r)
		return emit_failed(e, r, "the manifest");
	r = tree_walk(e->tree, write_entry, &w);
	if (!r)
		r = flush(&w);
	if (!r)
		r = digest_final(w.digest, ret_version->bytes);
	if (r)
		emit_failed(e, r, "the manifest");
	digest_free(w.digest);
	bytes_release(&w.chunk);
	bytes_release(&w.target);
	return r;
}
