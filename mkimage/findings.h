/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a verification has found: which template or pool, which path, what is
 * wrong with it.
 *
 * Thread safety: findings_add() may be called by several threads, all else by
 * one.  Ownership: findings_release() frees; strings are copied.  Errors:
 * negative errno; findings_add() remembers -ENOMEM for findings_print().
 */
#ifndef STENCIL_MKIMAGE_FINDINGS_H
#define STENCIL_MKIMAGE_FINDINGS_H

#include <pthread.h>
#include <stddef.h>

#include <jansson.h>

struct finding {
	char *path, *what;
};

struct findings {
	pthread_mutex_t lock;
	struct finding *at;
	size_t n, size;
	int error;
};

#define FINDINGS_INIT { .lock = PTHREAD_MUTEX_INITIALIZER }

void findings_release(struct findings *f);

void findings_clear(struct findings *f);

/* `err`, if not 0, is a negative errno whose text follows after a colon. */
void findings_add(struct findings *f, const char *path, int err,
		  const char *what);

/* Prints them, by path, as "PLACE: PATH: WHAT", or appends {template, path,
 * what} to the array if that is not NULL; `template` NULL is the pool.  Empties
 * the list. */
int findings_print(struct findings *f, const char *template, json_t *array);

#endif
