/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the daemon has done since its mount, for `stencilctl show`.
 *
 * Thread safety: all functions; counters are relaxed atomics, so a reader sees
 * each of them right and all of them at nearly one moment.  Ownership: none.
 * Errors: counters_json() as base/bytes.h.
 */
#ifndef STENCIL_FS_COUNTERS_H
#define STENCIL_FS_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/bytes.h"

/* Above the highest opcode of FUSE but CUSE_INIT. */
#define COUNTERS_OPCODES 64

/* What asked for a break. */
enum counters_cause {
	CAUSE_OPEN,     /* open(2) for writing */
	CAUSE_TRUNCATE, /* truncate(2) and open(2) that truncates */
	CAUSE_SETATTR,  /* chmod, chown, utimens */
	CAUSE_XATTR,
	CAUSE_FLAGS,    /* chattr(1) */
	CAUSE_NAMES,    /* rename, link, unlink, or an entry made below */
	CAUSE_MAX,
};

struct counters {
	atomic_ulong opens_passthrough, opens_cached;
	atomic_ulong opens_stale; /* told to look the path up again */
	atomic_ulong breaks_data, breaks_meta, breaks_dir;
	atomic_ulong breaks_by[CAUSE_MAX];
	atomic_ulong bytes_copied, bytes_reflinked, bytes_avoided;
};

static inline void counters_add(atomic_ulong *c, unsigned long n)
{
	atomic_fetch_add_explicit(c, n, memory_order_relaxed);
}

/* One more request of this kind, on the process's one connection. */
void counters_request(uint32_t opcode);

/* How many of this kind there were. */
unsigned long counters_requests(uint32_t opcode);

/* The members of a JSON object, without its braces. */
int counters_json(const struct counters *c, struct bytes *ret);

#endif
