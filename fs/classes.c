// SPDX-License-Identifier: Apache-2.0
#include "fs/classes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fileio.h"
#include "fs/fs_types.h"

#define MUTABLE_NAME "mutable"

/* Of the file, and of what one mount may add to it: a container that breaks
 * everything takes passthrough from a part of the template's files only. */
#define MUTABLE_BYTES (256 << 10)
#define LEARNED_MAX 8192
#define APPENDED_MAX 512

/* The path in the layer, without a slash in front; it ends at the end of
 * `buf`.  NULL if it is too long. */
static char *layer_path(const struct lower *l, char buf[static PATH_MAX])
{
	char *p = buf + PATH_MAX - 1;
	size_t len;

	for (*p = '\0'; l->parent; l = l->parent) {
		len = strlen(l->name);
		if ((size_t)(p - buf) < len + 1)
			return NULL;
		if (*p)
			*--p = '/';
		p -= len;
		memcpy(p, l->name, len);
	}
	return p;
}

/* Is `path` below one of the directories? */
static bool below(const char *dirs, const char *path)
{
	size_t len;

	for (;; dirs += len + 1) {
		len = strcspn(dirs, ":");
		if (len && !strncmp(path, dirs, len) && path[len] == '/')
			return true;
		if (!dirs[len])
			return false;
	}
}

static uint64_t *place_of(const struct classes_learned *s, uint64_t hash)
{
	size_t i = hash & (s->size - 1);

	while (s->hash[i] && s->hash[i] != hash)
		i = (i + 1) & (s->size - 1);
	return &s->hash[i];
}

static uint64_t hash_of(const char *path, size_t len)
{
	return XXH3_64bits(path, len) | 1;
}

static bool knows(const struct classes_learned *s, uint64_t hash)
{
	return s->size && *place_of(s, hash);
}

/* 1 if it is new, 0 if known, -ENOSPC when there are enough. */
static int add(struct classes_learned *s, uint64_t hash)
{
	struct classes_learned more = { .n = s->n };

	if (knows(s, hash))
		return 0;
	if (s->n >= LEARNED_MAX)
		return -ENOSPC;
	if (s->n * 2 >= s->size) {
		more.size = s->size ? s->size * 2 : 64;
		more.hash = calloc(more.size, sizeof(*more.hash));
		if (!more.hash)
			return -ENOMEM;
		for (size_t i = 0; i < s->size; i++)
			if (s->hash[i])
				*place_of(&more, s->hash[i]) = s->hash[i];
		free(s->hash);
		*s = more;
	}
	*place_of(s, hash) = hash;
	s->n++;
	return 1;
}

/* A template's list; what does not look like one is left alone. */
static int read_learned(const struct layer *l, struct classes_learned *s)
{
	_cleanup_bytes struct bytes list = BYTES_INIT;
	const char *p, *end, *nul;
	int r;

	if (l->parentfd < 0)
		return 0;
	r = fileio_read_file(l->parentfd, MUTABLE_NAME,
			     MUTABLE_BYTES + PATH_MAX, &list);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	p = list.data ?: "";
	for (end = p + list.len; p < end; p = nul + 1) {
		/* An end without a NUL was torn by a crash. */
		nul = memchr(p, '\0', (size_t)(end - p));
		if (!nul)
			break;
		r = add(s, hash_of(p, (size_t)(nul - p)));
		if (r < 0)
			return r == -ENOMEM ? r : 0;
	}
	return 0;
}

int classes_open(struct fs *fs, const char *dirs, bool coherent)
{
	struct classes *c = &fs->classes;
	int r = 0;

	pthread_mutex_init(&c->lock, NULL);
	c->coherent = coherent;
	c->dirs = strdup(dirs ?: CLASSES_DEFAULT);
	c->learned = calloc(fs->nlayers + 1, sizeof(*c->learned));
	if (!c->dirs || !c->learned)
		return -ENOMEM;
	for (unsigned i = 0; !r && i < fs->nlayers; i++)
		r = read_learned(&fs->layers[i], &c->learned[i]);
	return r;
}

void classes_close(struct fs *fs)
{
	struct classes *c = &fs->classes;

	for (unsigned i = 0; c->learned && i < fs->nlayers; i++)
		free(c->learned[i].hash);
	free(c->learned);
	free(c->dirs);
	pthread_mutex_destroy(&c->lock);
}

int classes_open_shared(struct fs *fs, struct lower *l, int *ret_fd)
{
	struct classes *c = &fs->classes;
	struct open_how how = {
		.flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_XDEV,
	};
	char buf[PATH_MAX], *path;
	struct stat st;
	bool mutable;
	int fd;

	if (c->coherent || l->layer->guardfd < 0)
		return 0;
	path = layer_path(l, buf);
	if (!path || !below(c->dirs, path))
		return 0;
	pthread_mutex_lock(&c->lock);
	mutable = knows(&c->learned[l->layer->index],
			hash_of(path, strlen(path)));
	pthread_mutex_unlock(&c->lock);
	if (mutable)
		return 0;
	fd = (int)syscall(SYS_openat2, l->layer->guardfd, path, &how,
			  sizeof(how));
	if (fd < 0)
		return -errno;
	/* Something else is mounted there, in a directory that is no template
	 * of ours. */
	if (fstat(fd, &st) || st.st_ino != l->ino || st.st_dev != l->dev ||
	    !S_ISREG(st.st_mode)) {
		close(fd);
		return 0;
	}
	*ret_fd = fd;
	return 1;
}

/* Nobody waits for it, and nothing depends on it: errors lose a hint. */
static void append(int dirfd, const char *path)
{
	_cleanup_fd int fd = openat(dirfd, MUTABLE_NAME,
				    O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW |
				    O_CLOEXEC, 0600);
	struct stat st;

	if (fd >= 0 && !fstat(fd, &st) && st.st_size < MUTABLE_BYTES)
		(void)!write(fd, path, strlen(path) + 1);
}

void classes_learn(struct fs *fs, struct lower *l)
{
	struct classes *c = &fs->classes;
	char buf[PATH_MAX], *path;
	bool keep;

	/* What is below no such directory is coherent anyway. */
	path = c->coherent ? NULL : layer_path(l, buf);
	if (!path || !below(c->dirs, path))
		return;
	pthread_mutex_lock(&c->lock);
	keep = c->appended < APPENDED_MAX &&
	       add(&c->learned[l->layer->index],
		   hash_of(path, strlen(path))) > 0;
	if (keep)
		c->appended++;
	pthread_mutex_unlock(&c->lock);
	if (keep && l->layer->parentfd >= 0)
		append(l->layer->parentfd, path);
}
