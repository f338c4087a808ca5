/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in a store and should not: small files that killed processes were
 * about to put in place of others, names without versions; and what nobody
 * here knows, which is told and left.
 *
 * Thread safety: no state.  Errors: negative errno.
 */
#ifndef STENCIL_MKIMAGE_LEFTOVERS_H
#define STENCIL_MKIMAGE_LEFTOVERS_H

#include <stdbool.h>

struct leftovers {
	bool keep; /* look only */
	/* Told of what goes, or would, with why, and of what is unknown; paths
	 * are relative to the store. */
	void (*removed)(void *arg, const char *path, const char *why,
			unsigned long long bytes);
	void (*unknown)(void *arg, const char *path);
	void *arg;
};

int leftovers_sweep(int storefd, const struct leftovers *l);

#endif
