/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One layer on disk, a template's tree or the private area: what is at a name,
 * and the names of a directory.
 *
 * Thread safety: no state.  Ownership: layer_entry_release() frees what
 * layer_step() returns; it accepts a zeroed structure.  Errors: negative errno;
 * -EBADMSG for a redirect that no overlay can have written.
 */
#ifndef STENCIL_CLI_LAYER_H
#define STENCIL_CLI_LAYER_H

#include <stdbool.h>

enum layer_kind { LAYER_ABSENT = 0, LAYER_IS_WHITEOUT, LAYER_FILE, LAYER_DIR };

struct layer_entry {
	enum layer_kind kind;
	bool opaque;	/* of a directory */
	char *redirect; /* of a directory, or NULL: "/path" or a name */
};

void layer_entry_release(struct layer_entry *e);
#define _cleanup_layer_entry __attribute__((cleanup(layer_entry_release)))

/* An absent name is no error but a kind. */
int layer_step(int dirfd, const char *name, struct layer_entry *ret);

/* Opens the directory `path` ("" allowed, of any length) below root for
 * reading, following no link and leaving root nowhere. */
int layer_open_dir(int root, const char *path);

/* Calls fn with each name of an open directory but . and .. until it returns
 * non-zero, which is returned. */
int layer_each(int dirfd, int (*fn)(const char *name, void *arg), void *arg);

/* "dir/name", or "name" when dir is "".  NULL without memory. */
char *layer_join(const char *dir, const char *name);

#endif
