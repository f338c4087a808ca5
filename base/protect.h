/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The read-only mode of a store, against accidents: STORE/pool and
 * STORE/templates are mounted over themselves, read-only.  STORE/protect
 * records that it is wanted, since mounts are gone after a reboot.
 *
 * What only reads works as ever.  What writes there steps around: it takes a
 * mount namespace of its own and unmounts the two in it, so that pool and
 * templates are one writable mount again for it alone (link(2) between two
 * mounts is EXDEV).
 *
 * Thread safety: no state; protect_step_around() before there are threads.
 * Ownership: nothing is kept.  Errors: negative errno; -EPERM without
 * CAP_SYS_ADMIN.
 */
#ifndef STENCIL_BASE_PROTECT_H
#define STENCIL_BASE_PROTECT_H

#include <stdbool.h>

struct protect_state {
	bool wanted;  /* the record is there */
	bool mounted; /* in this mount namespace, both */
};

int protect_get(const char *store, struct protect_state *ret);

/* Neither does anything that is done already. */
int protect_on(const char *store);
int protect_off(const char *store);

/* Mounts again what is recorded, after a reboot.  For programs that write to a
 * store or mount of it. */
int protect_restore(const char *store);

/*
 * For who writes to pool/ or templates/: makes them writable for this process
 * and its children.  Descriptors of the store that were opened before lead to
 * the read-only ones still.
 */
int protect_step_around(const char *store);

#endif
