/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking names up in the stack of templates below a container, as the mount
 * does: from the top layer down, whiteouts, opaque directories and redirects
 * considered.  Works on the templates' trees on disk, so a container need not
 * be mounted.
 *
 * A merged directory is a list of places (layer, path).  Paths are kept and
 * opened anew rather than descriptors, so that no depth of a tree can use up
 * the descriptors.
 *
 * Thread safety: one thread at a time.  Ownership: *_release() frees what the
 * functions return in ret_ parameters; it accepts a zeroed structure.  Errors:
 * negative errno; -EBADMSG for a redirect that leads nowhere it may.
 */
#ifndef STENCIL_CLI_STACK_H
#define STENCIL_CLI_STACK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/store.h"

struct stack {
	int *roots; /* the templates' trees, top first */
	size_t n;
};

int stack_open(int storefd, const struct template_stack *t, struct stack *ret);
void stack_release(struct stack *s);
#define _cleanup_stack __attribute__((cleanup(stack_release)))

struct stack_place {
	size_t layer;
	char *path; /* below the layer's root, "" for the root itself */
	int fd;	    /* -1 unless stack_dir_open() opened it */
};

/* No places: nothing is below. */
struct stack_dir {
	struct stack_place *places; /* top first */
	size_t n;
};

#define STACK_DIR_INIT { NULL, 0 }

void stack_dir_release(struct stack_dir *d);
#define _cleanup_stack_dir __attribute__((cleanup(stack_dir_release)))

/* The merged root. */
int stack_root(const struct stack *s, struct stack_dir *ret);

/* Opens all places; the look-ups below need it. */
int stack_dir_open(const struct stack *s, struct stack_dir *d);
void stack_dir_close(struct stack_dir *d);

enum stack_kind { STACK_ABSENT = 0, STACK_FILE, STACK_DIR };

/* What the merged, open directory shows at `name`: enum stack_kind or -errno.
 * *ret gets the places of a directory and is untouched otherwise. */
int stack_lookup(const struct stack *s, const struct stack_dir *d,
		 const char *name, struct stack_dir *ret);

/* The same for a redirect's absolute path. */
int stack_lookup_path(const struct stack *s, const char *path,
		      struct stack_dir *ret);

/* The names that the merged, open directory shows, sorted, NULL-terminated;
 * freed with store_strv_free(). */
int stack_names(const struct stack *s, const struct stack_dir *d, char ***ret);

#endif
