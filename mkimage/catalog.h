/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which templates a store has, what their info.json says, which version is
 * current, and who uses one.
 *
 * Thread safety: no state.  Ownership: catalog_release() frees a list,
 * template_info_release() an entry.  Errors: negative errno; -EBADMSG for a
 * damaged record, -EPROTO for one of a newer version.
 */
#ifndef STENCIL_MKIMAGE_CATALOG_H
#define STENCIL_MKIMAGE_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/store.h"

struct template_info {
	char *name;
	char version[STORE_VERSION_HEX + 1];
	bool current;
	int error; /* why info.json cannot be read: then nothing below */
	/* Of info.json: */
	char *source;
	int64_t built; /* seconds since the epoch */
	uint64_t entries, files, bytes;
	/* What its build did, written and not read: files that the pool had,
	 * bytes written, reflinked, and found in the pool unwritten. */
	uint64_t shared, written, reflinked, avoided;
	uint64_t containers; /* of catalog_count_users() */
};

struct catalog {
	struct template_info *at;
	size_t n;
};

void template_info_release(struct template_info *i);
void catalog_release(struct catalog *c);

/* All versions of all templates, or of `name` if not NULL: by name, the newest
 * first.  A name that has none is an empty list; a version whose info.json is
 * damaged is in it. */
int catalog_list(int storefd, const char *name, struct catalog *ret);

/* info.json in the directory. */
int catalog_write_info(int dirfd, const struct template_info *i);

/* What its build did, as keys of `json`: 0 or -ENOMEM. */
int catalog_add_build(json_t *json, const struct template_info *i);

/* As JSON, for --json.  A new reference, or NULL without memory. */
json_t *catalog_to_json(const struct template_info *i);

/* templates/NAME, open for reading, made if `create`. */
int catalog_open_name(int storefd, const char *name, bool create);

/* Removes templates/NAME, which has nothing left in it. */
int catalog_remove_name(int storefd, const char *name);

/* Is the version its current one? */
bool catalog_is_current(int namefd, const char *version);

/* Of that directory, NULL for none; durable. */
int catalog_set_current(int namefd, const char *version);

/* Ids of the containers that stand on it, freed with store_strv_free(). */
int catalog_users(int storefd, const char *name, const char *version,
		  char ***ret);

/* How many containers stand on each of the list. */
int catalog_count_users(int storefd, struct catalog *c);

/* NAME[@VERSION], one of it.  -EINVAL. */
int catalog_parse(const char *text, struct template_stack *ret);

#endif
