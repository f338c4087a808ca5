/* SPDX-License-Identifier: Apache-2.0 */
/* What the files pool*.c share. */
#ifndef STENCIL_MKIMAGE_POOL_TYPES_H
#define STENCIL_MKIMAGE_POOL_TYPES_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "mkimage/pool.h"

#define POOL_HINTS 1024
#define POOL_ASIDE_MAX 24

/* Of files with one digest and one metadata: where to look first. */
struct pool_hint {
	struct sha1 sha1;
	uint64_t key;
	unsigned int variant; /* those below are used, or have other metadata */
};

/* Inode numbers, by open addressing; 0 is none. */
struct pool_used {
	uint64_t *slots;
	size_t size, n;
};

struct pool {
	int fd; /* STORE/pool, which carries the lock */
	int asidefd;
	atomic_bool no_clone; /* the file system was asked and cannot */
	atomic_uint serial;   /* of names aside */
	pthread_mutex_t lock; /* protects what follows */
	unsigned int users;   /* of the file lock */
	struct pool_used used;
	struct pool_hint hints[POOL_HINTS];
};

/* The variant becomes used: 1, 0 if it was, -ENOMEM. */
int pool_claim(struct pool *p, ino_t ino);
bool pool_claimed(struct pool *p, ino_t ino);
/* It no longer is. */
void pool_unclaim(struct pool *p, ino_t ino);

/* A name in asidefd that no other thread has. */
void pool_aside(struct pool *p, char name[static POOL_ASIDE_MAX]);

/* Puts what lies aside at `path`, in one step, or removes it. */
int pool_install(struct pool *p, const char *aside, int dirfd,
		 const char *path);

/* Files that differ in it differ in metadata; those that do not may. */
uint64_t pool_meta_key(mode_t mode, uint32_t uid, uint32_t gid, uint64_t size,
		       int64_t mtime_sec, uint32_t mtime_nsec);

#endif
