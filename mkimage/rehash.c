// SPDX-License-Identifier: Apache-2.0
#include "mkimage/rehash.h"

#include <errno.h>
#include <fcntl.h>
#include <libfsverity.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "mkimage/pipeline.h"
#include "mkimage/progress.h"
#include "mkimage/stop.h"

#define BLOCK (1 << 20)
#define ALIGN 4096
#define THREADS_MAX 16
#define PROGRESS_NS (200 * 1000 * 1000)

struct run {
	struct rehash *h;
	int dirfd;
	atomic_size_t next;
	atomic_ullong files, bytes; /* done */
};

/* One file that is being read.  libfsverity asks for it in order and in small
 * pieces, and that is the pump. */
struct reader {
	struct run *run;
	int fd;
	char *buf; /* BLOCK bytes */
	size_t len, used;
	off_t offset; /* behind the buffer */
	struct digest_ctx *sha1;
};

int rehash_add(struct rehash *h, const char *path, uint64_t ino,
	       struct rehash_job **ret)
{
	struct rehash_job *j;

	if (h->n == h->size) {
		size_t size = h->size ? 2 * h->size : 1024;

		j = reallocarray(h->jobs, size, sizeof(*j));
		if (!j)
			return -ENOMEM;
		h->jobs = j;
		h->size = size;
	}
	j = &h->jobs[h->n];
	*j = (struct rehash_job){ .path = strdup(path), .ino = ino };
	if (!j->path)
		return -ENOMEM;
	h->n++;
	*ret = j;
	return 0;
}

void rehash_clear(struct rehash *h)
{
	for (size_t i = 0; i < h->n; i++)
		free(h->jobs[i].path);
	h->n = 0;
}

void rehash_release(struct rehash *h)
{
	rehash_clear(h);
	free(h->jobs);
	*h = (struct rehash){ NULL, 0, 0 };
}

/* Not every file system, nor every offset, can be read directly. */
static ssize_t read_block(struct reader *r)
{
	ssize_t n = pread(r->fd, r->buf, BLOCK, r->offset);

	if (n < 0 && errno == EINVAL &&
	    !fcntl(r->fd, F_SETFL, 0))
		n = pread(r->fd, r->buf, BLOCK, r->offset);
	return n < 0 ? -errno : n;
}

static int fill(struct reader *r)
{
	ssize_t n;
	int err;

	do {
		err = stop_requested();
		if (err)
			return err;
		n = read_block(r);
	} while (n == -EINTR);
	if (n < 0)
		return (int)n;
	if (!n)
		return -ENODATA; /* shorter than it was a moment ago */
	r->offset += n;
	r->len = (size_t)n;
	r->used = 0;
	atomic_fetch_add(&r->run->bytes, (unsigned long long)n);
	return digest_update(r->sha1, r->buf, r->len);
}

static int read_data(void *arg, void *buf, size_t count)
{
	struct reader *r = arg;
	char *out = buf;

	while (count) {
		size_t n = r->len - r->used;
		int err;

		if (!n) {
			err = fill(r);
			if (err)
				return err;
			continue;
		}
		if (n > count)
			n = count;
		memcpy(out, r->buf + r->used, n);
		r->used += n;
		out += n;
		count -= n;
	}
	return 0;
}

static int open_file(int dirfd, const char *path, int more)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY |
			 (uint64_t)more,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV |
			   RESOLVE_BENEATH,
	};
	int fd = (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

static int digest_file(struct reader *r, uint64_t size,
		       struct rehash_digests *ret)
{
	struct libfsverity_merkle_tree_params params = {
		.version = 1,
		.hash_algorithm = FS_VERITY_HASH_ALG_SHA256,
		.file_size = size,
		.block_size = 4096,
	};
	_cleanup_free struct libfsverity_digest *digest = NULL;
	int err = libfsverity_compute_digest(r, read_data, &params, &digest);

	if (!err)
		err = digest_final(r->sha1, ret->sha1.bytes);
	if (!err)
		memcpy(ret->verity.bytes, digest->digest,
		       sizeof(ret->verity.bytes));
	return err;
}

static int hash(struct run *run, struct rehash_job *j, char *buf)
{
	_cleanup_fd int fd = open_file(run->dirfd, j->path, O_DIRECT);
	struct reader r = { .run = run, .buf = buf };
	struct stat st;
	int err;

	if (fd == -EINVAL)
		fd = open_file(run->dirfd, j->path, 0);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st))
		return -errno;
	if (st.st_ino != j->ino || !S_ISREG(st.st_mode))
		return -ESTALE;
	err = digest_new(&r.sha1, DIGEST_SHA1);
	if (err)
		return err;
	r.fd = fd;
	err = digest_file(&r, (uint64_t)st.st_size, &j->got);
	digest_free(r.sha1);
	return err;
}

static void *work(void *arg)
{
	struct run *run = arg;
	char *buf = aligned_alloc(ALIGN, BLOCK);
	size_t i;

	while ((i = atomic_fetch_add(&run->next, 1)) < run->h->n) {
		struct rehash_job *j = &run->h->jobs[i];

		j->error = buf ? stop_requested() : -ENOMEM;
		if (!j->error)
			j->error = hash(run, j, buf);
		atomic_fetch_add(&run->files, 1);
	}
	free(buf);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	const struct rehash_job *x = a, *y = b;

	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

static void show(struct run *run, struct progress *p)
{
	progress_add(p, atomic_exchange(&run->files, 0),
		     atomic_exchange(&run->bytes, 0));
}

/* Waits for the thread, and shows how far all are. */
static void wait_for(pthread_t thread, struct run *run, struct progress *p)
{
	struct timespec until;

	do {
		show(run, p);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += PROGRESS_NS;
		if (until.tv_nsec >= 1000000000) {
			until.tv_nsec -= 1000000000;
			until.tv_sec++;
		}
	} while (pthread_timedjoin_np(thread, NULL, &until) == ETIMEDOUT);
}

int rehash_run(struct rehash *h, int dirfd, struct progress *p)
{
	struct run run = { .h = h, .dirfd = dirfd };
	pthread_t threads[THREADS_MAX];
	size_t wanted = pipeline_cpus(), n = 0;

	if (h->n)
		qsort(h->jobs, h->n, sizeof(*h->jobs), compare);
	if (wanted > THREADS_MAX)
		wanted = THREADS_MAX;
	if (wanted > h->n)
		wanted = h->n;
	while (n < wanted && !pthread_create(&threads[n], NULL, work, &run))
		n++;
	if (!n)
		work(&run); /* without threads it takes longer */
	for (size_t i = 0; i < n; i++)
		wait_for(threads[i], &run, p);
	show(&run, p);
	return stop_requested();
}
