/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memo's LMDB environment: records by struct memo_key.  The only file that
 * includes lmdb.h is memo_env.c.
 *
 * Thread safety: none, the caller (memo.c) has a lock; several processes may
 * have it open.  Ownership: memo_env_close() closes; the directory's
 * descriptor stays the caller's.  Errors: negative errno; -EBADMSG for an
 * environment that LMDB finds damaged, or does not know.
 */
#ifndef STENCIL_MKIMAGE_MEMO_ENV_H
#define STENCIL_MKIMAGE_MEMO_ENV_H

#include <stddef.h>
#include <stdint.h>

#include "mkimage/memo_record.h"

struct memo_env;

/* A record to be written, with its key in front, as memo_record_add() makes
 * them: where in a buffer. */
struct memo_env_put {
	size_t at, len;
};

/* The directory's lock (memo_state.h) must be held. */
int memo_env_open(int dirfd, struct memo_env **ret);
/* NULL is allowed. */
void memo_env_close(struct memo_env *e);

/* -ENODATA; the data lives until the next call. */
int memo_env_get(struct memo_env *e, const struct memo_key *key,
		 const void **ret, size_t *ret_len);

/* All or none, in the order given, which should be that of the keys. */
int memo_env_write(struct memo_env *e, char *buffer,
		   const struct memo_env_put *puts, size_t n);

/* Removes what is damaged or has an earlier day. */
int memo_env_forget(struct memo_env *e, uint32_t before);

/* Puts a copy without holes in the place of the environment's file, with the
 * exclusive lock; nothing but memo_env_close() may follow. */
int memo_env_compact(struct memo_env *e);

#endif
