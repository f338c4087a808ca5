// SPDX-License-Identifier: Apache-2.0
/*
 * Questions are asked in one reading transaction that is renewed every so
 * often, so that pages do not pile up: neither old ones in the file, nor mapped
 * ones in this process, where they count as its memory.  Writing transactions
 * are short, so that two builds do not wait for each other.
 */
#include "mkimage/memo_env.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "mkimage/memo_state.h"

#define MAP_FIRST (64UL << 20)
#define GETS_A_READER 4096
#define FORGET_A_TXN 8192

struct memo_env {
	int dirfd; /* the caller's */
	MDB_env *env;
	MDB_dbi dbi;
	MDB_txn *reader;     /* NULL while there is none */
	unsigned int nlooked; /* in this reader */
	uintptr_t low, high; /* where in the map they were found */
};

/* LMDB returns errno values, and negative ones of its own. */
static int to_errno(int rc)
{
	switch (rc) {
	case MDB_SUCCESS:
		return 0;
	case MDB_NOTFOUND:
		return -ENODATA;
	case MDB_READERS_FULL:
		return -EUSERS;
	}
	return rc > 0 ? -rc : -EBADMSG;
}

static void end_reader(struct memo_env *e)
{
	if (e->reader)
		mdb_txn_abort(e->reader);
	e->reader = NULL;
}

/* No transaction of ours may be open: the map moves. */
static int begin(struct memo_env *e, unsigned int flags, MDB_txn **ret)
{
	int rc = mdb_txn_begin(e->env, NULL, flags, ret);

	/* Another process has made it larger. */
	while (rc == MDB_MAP_RESIZED) {
		rc = mdb_env_set_mapsize(e->env, 0);
		if (!rc)
			rc = mdb_txn_begin(e->env, NULL, flags, ret);
	}
	return rc;
}

static int grow(struct memo_env *e)
{
	MDB_envinfo info;
	int rc = mdb_env_info(e->env, &info);

	return rc ? rc : mdb_env_set_mapsize(e->env, 2 * info.me_mapsize);
}

/* What was looked at stays mapped otherwise, and counts as memory. */
static void drop_pages(struct memo_env *e)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t low = e->low & ~(page - 1);

	/* Only memory is at stake, so a failure does not matter. */
	if (e->low < e->high)
		(void)madvise((void *)low, e->high - low, MADV_DONTNEED);
	e->low = UINTPTR_MAX;
	e->high = 0;
	e->nlooked = 0;
}

static void note_range(struct memo_env *e, const MDB_val *value)
{
	uintptr_t at = (uintptr_t)value->mv_data;

	if (at < e->low)
		e->low = at;
	if (at + value->mv_size > e->high)
		e->high = at + value->mv_size;
}

static int look_up(struct memo_env *e, MDB_val *key, MDB_val *ret)
{
	int rc = 0;

	if (e->nlooked++ == GETS_A_READER) {
		end_reader(e);
		drop_pages(e);
	}
	if (!e->reader)
		rc = begin(e, MDB_RDONLY, &e->reader);
	if (!rc)
		rc = mdb_get(e->reader, e->dbi, key, ret);
	if (!rc)
		note_range(e, ret);
	return rc;
}

int memo_env_get(struct memo_env *e, const struct memo_key *key,
		 const void **ret, size_t *ret_len)
{
	MDB_val k = { sizeof(*key), (void *)key }, value;
	int rc = look_up(e, &k, &value);

	if (rc)
		return to_errno(rc);
	*ret = value.mv_data;
	*ret_len = value.mv_size;
	return 0;
}

static int write_puts(struct memo_env *e, MDB_txn *txn, char *buffer,
		      const struct memo_env_put *puts, size_t n)
{
	size_t head = sizeof(struct memo_key);
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++) {
		char *at = buffer + puts[i].at;
		MDB_val key = { head, at };
		MDB_val value = { puts[i].len - head, at + head };

		rc = mdb_put(txn, e->dbi, &key, &value, 0);
	}
	return rc;
}

/* Ends a writing transaction, after `rc`.  MDB_MAP_FULL: all is undone, there
 * is room now, and it is to be done again. */
static int end_writer(struct memo_env *e, MDB_txn *txn, int rc)
{
	int grown;

	if (!rc)
		rc = mdb_txn_commit(txn);
	else
		mdb_txn_abort(txn);
	if (rc != MDB_MAP_FULL)
		return rc;
	grown = grow(e);
	return grown ? grown : MDB_MAP_FULL;
}

int memo_env_write(struct memo_env *e, char *buffer,
		   const struct memo_env_put *puts, size_t n)
{
	MDB_txn *txn;
	int rc;

	end_reader(e);
	do {
		rc = begin(e, 0, &txn);
		if (!rc)
			rc = end_writer(e, txn,
					write_puts(e, txn, buffer, puts, n));
	} while (rc == MDB_MAP_FULL);
	return to_errno(rc);
}

static int open_env(int dirfd, MDB_env **ret)
{
	char path[FILEIO_PROC_PATH];
	struct stat st;
	MDB_env *env;
	size_t size = MAP_FIRST;
	int rc = mdb_env_create(&env), dead;

	if (rc)
		return rc;
	fileio_proc_path(path, dirfd, NULL);
	if (!fstatat(dirfd, MEMO_DATA, &st, AT_SYMLINK_NOFOLLOW))
		while (size / 2 < (size_t)st.st_size)
			size *= 2;
	rc = mdb_env_set_mapsize(env, size);
	if (!rc)
		rc = mdb_env_open(env, path,
				  MDB_NOTLS | MDB_NORDAHEAD | MDB_NOSYNC, 0600);
	/* A killed build's place in the table of readers would keep its pages
	 * for ever. */
	if (!rc)
		rc = mdb_reader_check(env, &dead);
	if (rc)
		mdb_env_close(env);
	else
		*ret = env;
	return rc;
}

static int open_dbi(struct memo_env *e)
{
	int rc = begin(e, MDB_RDONLY, &e->reader);

	if (!rc)
		rc = mdb_dbi_open(e->reader, NULL, 0, &e->dbi);
	end_reader(e);
	return rc;
}

/* LMDB maps what the file should have, and reads that. */
static int check_size(MDB_env *env, int dirfd)
{
	MDB_envinfo info;
	MDB_stat stat;
	struct stat st;
	int rc = mdb_env_info(env, &info);

	if (!rc)
		rc = mdb_env_stat(env, &stat);
	if (rc)
		return rc;
	if (fstatat(dirfd, MEMO_DATA, &st, AT_SYMLINK_NOFOLLOW))
		return errno;
	return (uint64_t)st.st_size / stat.ms_psize > info.me_last_pgno
		       ? 0
		       : MDB_CORRUPTED;
}

int memo_env_open(int dirfd, struct memo_env **ret)
{
	struct memo_env *e = calloc(1, sizeof(*e));
	int rc;

	if (!e)
		return -ENOMEM;
	e->dirfd = dirfd;
	e->low = UINTPTR_MAX;
	rc = open_env(dirfd, &e->env);
	if (!rc)
		rc = check_size(e->env, dirfd);
	if (!rc)
		rc = open_dbi(e);
	if (rc) {
		memo_env_close(e);
		return to_errno(rc);
	}
	*ret = e;
	return 0;
}

void memo_env_close(struct memo_env *e)
{
	if (!e)
		return;
	end_reader(e);
	if (e->env)
		mdb_env_close(e->env);
	free(e);
}

/* One transaction's worth of forgetting, from *at on, which it moves; *ret_done
 * says that the end was reached. */
static int forget_some(struct memo_env *e, MDB_txn *txn, uint32_t before,
		       struct memo_key *at, bool *ret_done)
{
	MDB_val key = { sizeof(*at), at }, value;
	unsigned int forgotten = 0;
	MDB_cursor *cursor;
	int rc = mdb_cursor_open(txn, e->dbi, &cursor);

	if (rc)
		return rc;
	rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
	while (!rc && forgotten < FORGET_A_TXN) {
		struct memo_key k = { 0 };

		/* A key of another length is nobody's: its record has no day
		 * then. */
		if (key.mv_size == sizeof(k))
			memcpy(&k, key.mv_data, sizeof(k));
		if (memo_record_day(&k, value.mv_data, value.mv_size) <
		    before) {
			rc = mdb_cursor_del(cursor, 0);
			forgotten++;
		}
		*at = k;
		if (!rc)
			rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	if (!rc)
		return 0;
	*ret_done = rc == MDB_NOTFOUND;
	return *ret_done ? 0 : rc;
}

int memo_env_forget(struct memo_env *e, uint32_t before)
{
	struct memo_key at = { 0 };
	bool done = false;
	int rc = 0;

	end_reader(e);
	while (!rc && !done) {
		struct memo_key next = at;
		MDB_txn *txn;

		rc = begin(e, 0, &txn);
		if (rc)
			break;
		rc = forget_some(e, txn, before, &next, &done);
		rc = end_writer(e, txn, rc);
		if (!rc)
			at = next;
		else
			done = false;
		if (rc == MDB_MAP_FULL)
			rc = 0;
	}
	return to_errno(rc);
}

int memo_env_compact(struct memo_env *e)
{
	_cleanup_fd int fd = openat(e->dirfd, MEMO_COPY,
				    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW |
					    O_CLOEXEC, 0600);
	int rc;

	if (fd < 0)
		return -errno;
	end_reader(e);
	rc = mdb_env_copyfd2(e->env, fd, MDB_CP_COMPACT);
	if (!rc && renameat(e->dirfd, MEMO_COPY, e->dirfd, MEMO_DATA))
		rc = errno;
	if (rc)
		(void)unlinkat(e->dirfd, MEMO_COPY, 0); /* rc is told */
	return to_errno(rc);
}
