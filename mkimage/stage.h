/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Versions come and go as wholes: a build's directory templates/.build-XXXXXX
 * becomes templates/NAME/VERSION by one rename, and a version that is removed
 * becomes a .build- directory first.  Whoever works on such a directory holds
 * its flock; one that nobody holds was left by a killed process, and the next
 * build removes it.
 *
 * templates/ itself is locked (flock) for the moments in which versions appear,
 * vanish or become current, and while a container's use of one is recorded.
 *
 * Thread safety: a stage belongs to one thread; processes are kept apart by the
 * locks.  Ownership: stage_free() discards what was not committed.  Errors:
 * negative errno, logged.
 */
#ifndef STENCIL_MKIMAGE_STAGE_H
#define STENCIL_MKIMAGE_STAGE_H

#include <stdbool.h>

#define STAGE_PREFIX ".build-"

struct stage;

/* A new, empty one, after the remains of dead builds were removed. */
int stage_new(int storefd, struct stage **ret);

/* Removes what is staged and what the pool held for it alone.  NULL is
 * allowed. */
int stage_free(struct stage *s);

/* The directories, open for reading: the stage, its root/, its aside/. */
int stage_fd(const struct stage *s);
int stage_rootfd(const struct stage *s);
int stage_asidefd(const struct stage *s);

/*
 * Makes the stage NAME@VERSION and that the current one, all on disk when it
 * returns.  1 if the version was there already (the stage is then still to be
 * discarded), else 0.
 */
int stage_commit(struct stage *s, const char *name, const char *version);

/*
 * Is NAME@VERSION there already?  1, and it is the current one, on disk; the
 * stage is still to be discarded.  Else 0.
 */
int stage_reuse(struct stage *s, const char *name, const char *version);

/* Locks templates/ exclusively: a descriptor of it, whose close unlocks. */
int stage_lock(int storefd);

/*
 * Takes NAME@VERSION out of sight, under the lock; the caller then removes it
 * by stage_free(), when it has unlocked.
 */
int stage_take(int storefd, const char *name, const char *version,
	       struct stage **ret);

/*
 * Removes what killed builds and removals have left, or with `keep` only looks.
 * fn, if not NULL, is told of each, with the bytes that it holds alone.
 */
typedef void (*stage_sweep_fn)(void *arg, const char *name,
			       unsigned long long bytes);
int stage_sweep(int storefd, bool keep, stage_sweep_fn fn, void *arg);

/* What stage_free() gave back, in all. */
unsigned long long stage_freed(void);

#endif
