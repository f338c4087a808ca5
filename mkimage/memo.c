// SPDX-License-Identifier: Apache-2.0
/*
 * What is learned is collected, and written in the order of the keys some
 * thousands at a time.
 */
#include "mkimage/memo.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/manifest.h"
#include "mkimage/memo_env.h"
#include "mkimage/memo_record.h"
#include "mkimage/memo_state.h"

#define DIR_NAME "memo"
#define BATCH_RECORDS 8192
#define BATCH_BYTES (4UL << 20)
/* A file's last use is written only when it has grown so old. */
#define DAYS_REFRESH 5
#define COARSE_NSEC 20000000 /* see memo.h: 20 ms */
#define COARSE_SEC 2

struct memo {
	int dirfd; /* carries the lock of memo_state.h */
	uint32_t today;
	pthread_mutex_t lock; /* protects all below */
	struct memo_env *env;
	bool broken; /* and told */
	bool marked_dirty;
	struct bytes pending;
	struct memo_env_put puts[BATCH_RECORDS]; /* where in `pending` */
	size_t nputs;
};

static void give_up(struct memo *m, int r, const char *what)
{
	if (m->broken)
		return;
	m->broken = true;
	log_warning(r, "the store's memo cannot be %s, the build goes on without",
		    what);
	/* That it cannot be said either changes nothing: this process has
	 * stopped using it, and the next one will find the same. */
	if (r == -EBADMSG)
		(void)memo_state_condemn(m->dirfd);
}

static int compare_puts(const void *a, const void *b, void *arg)
{
	const struct memo_env_put *x = a, *y = b;
	const char *data = arg;
	int c = memcmp(data + x->at, data + y->at, sizeof(struct memo_key));

	/* Of two for one file the later one is written last. */
	if (!c)
		return x->at < y->at ? -1 : 1;
	return c;
}

static void flush(struct memo *m)
{
	int r = 0;

	if (!m->nputs || m->broken)
		return;
	if (!m->marked_dirty)
		r = memo_state_dirty(m->dirfd);
	m->marked_dirty = true;
	qsort_r(m->puts, m->nputs, sizeof(m->puts[0]), compare_puts,
		m->pending.data);
	if (!r)
		r = memo_env_write(m->env, m->pending.data, m->puts, m->nputs);
	if (r)
		give_up(m, r, "written");
	m->nputs = 0;
	m->pending.len = 0;
}

/* What was added to m->pending since `at` is a record. */
static void added(struct memo *m, size_t at)
{
	m->puts[m->nputs].at = at;
	m->puts[m->nputs].len = m->pending.len - at;
	m->nputs++;
	if (m->nputs == BATCH_RECORDS || m->pending.len >= BATCH_BYTES)
		flush(m);
}

/* The file is in use still: what is found says so again some day. */
static void refresh(struct memo *m, const struct memo_key *key,
		    const void *data, size_t len)
{
	uint32_t day = memo_record_day(key, data, len);
	size_t at = m->pending.len;

	if (day <= m->today && m->today - day < DAYS_REFRESH)
		return;
	/* Without memory another build will do it. */
	if (bytes_add(&m->pending, key, sizeof(*key)))
		return;
	if (bytes_add(&m->pending, data, len)) {
		m->pending.len = at;
		return;
	}
	memo_record_touch(key, m->pending.data + at + sizeof(*key), len,
			  m->today);
	added(m, at);
}

int memo_find(struct memo *m, const struct memo_stamp *stamp,
	      struct manifest_entry *e, struct memo_place *ret_place)
{
	_cleanup_unlock pthread_mutex_t *locked = &m->lock;
	struct memo_key key;
	const void *data;
	size_t len;
	int r;

	pthread_mutex_lock(locked);
	if (m->broken)
		return -ENODATA;
	memo_record_key(stamp, &key);
	r = memo_env_get(m->env, &key, &data, &len);
	if (r && r != -ENODATA)
		give_up(m, r, "read");
	if (r)
		return -ENODATA;
	r = memo_record_use(data, len, stamp, e, ret_place);
	if (!r)
		refresh(m, &key, data, len);
	return r;
}

/* By more than a clock's grain before it was seen: see memo.h. */
static bool settled(const struct memo_stamp *s)
{
	int64_t sec = s->seen.sec, nsec = (int64_t)s->seen.nsec;

	if (s->ctime.nsec)
		nsec -= COARSE_NSEC;
	else
		sec -= COARSE_SEC;
	if (nsec < 0) {
		nsec += 1000000000;
		sec--;
	}
	return s->ctime.sec < sec ||
	       (s->ctime.sec == sec && s->ctime.nsec < nsec);
}

void memo_put(struct memo *m, const struct memo_stamp *stamp,
	      const struct manifest_entry *e, const struct memo_place *place)
{
	_cleanup_unlock pthread_mutex_t *locked = &m->lock;
	size_t at;

	pthread_mutex_lock(locked);
	if (m->broken || !e->has_digest || !settled(stamp))
		return;
	at = m->pending.len;
	/* What does not fit, in memory or at all, is read again some day. */
	if (!memo_record_add(&m->pending, stamp, e, place, m->today))
		added(m, at);
}

/* Does not take the descriptor. */
static int open_at(int dirfd, struct memo **ret)
{
	struct memo *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return -ENOMEM;
	r = memo_env_open(dirfd, &m->env);
	if (!r) {
		r = -pthread_mutex_init(&m->lock, NULL);
		if (r)
			memo_env_close(m->env);
	}
	if (r) {
		free(m);
		/* Sound by its state, and yet LMDB will not have it. */
		if (r == -EBADMSG)
			(void)memo_state_condemn(dirfd); /* r is told */
		return r;
	}
	m->dirfd = dirfd;
	m->today = (uint32_t)(time(NULL) / 86400);
	*ret = m;
	return 0;
}

/* The descriptor, and so the lock, stays. */
static void release(struct memo *m)
{
	memo_env_close(m->env);
	bytes_release(&m->pending);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

static int open_dir(int storefd)
{
	int fd = openat(storefd, DIR_NAME,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int open_shared(int storefd, struct memo **ret)
{
	_cleanup_fd int dirfd = -1;
	int r;

	if (mkdirat(storefd, DIR_NAME, 0700) && errno != EEXIST)
		return -errno;
	dirfd = open_dir(storefd);
	if (dirfd < 0)
		return dirfd;
	r = memo_state_enter(dirfd);
	if (r > 0)
		r = memo_state_share(dirfd);
	if (!r)
		r = open_at(dirfd, ret);
	if (!r)
		take_fd(&dirfd);
	return r;
}

int memo_open(int storefd, struct memo **ret)
{
	int r = open_shared(storefd, ret);

	if (r)
		log_warning(r, "the store's memo cannot be used, all files are read");
	return r;
}

void memo_close(struct memo *m)
{
	_cleanup_fd int dirfd = -1;
	int r;

	if (!m)
		return;
	flush(m);
	dirfd = m->dirfd;
	release(m);
	r = memo_state_leave(dirfd);
	if (r)
		log_warning(r, "the store's memo");
}

static uint64_t file_size(int dirfd)
{
	struct stat st;

	return fstatat(dirfd, MEMO_DATA, &st, AT_SYMLINK_NOFOLLOW)
		       ? 0
		       : (uint64_t)st.st_size;
}

/* With the exclusive lock. */
static int prune(int dirfd, uint32_t days, uint64_t *ret_bytes)
{
	uint64_t before = file_size(dirfd), after;
	struct memo *m;
	int r = open_at(dirfd, &m);

	if (r)
		return r;
	r = memo_state_dirty(dirfd);
	if (!r)
		r = memo_env_forget(m->env,
				    m->today > days ? m->today - days : 0);
	if (!r)
		r = memo_env_compact(m->env);
	release(m);
	after = file_size(dirfd);
	*ret_bytes = before > after ? before - after : 0;
	return r;
}

int memo_prune(int storefd, unsigned int days, uint64_t *ret_bytes)
{
	_cleanup_fd int dirfd = open_dir(storefd);
	uint64_t bytes = 0;
	int r, left;

	if (dirfd == -ENOENT) {
		*ret_bytes = 0;
		return 0;
	}
	if (dirfd < 0)
		return dirfd;
	r = memo_state_enter(dirfd);
	/* Nothing to do by itself: a build has it open. */
	if (r > 0)
		r = prune(dirfd, days, &bytes);
	left = memo_state_leave(dirfd);
	if (!r)
		r = left;
	if (!r)
		*ret_bytes = bytes;
	return r;
}
