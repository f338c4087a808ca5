// SPDX-License-Identifier: Apache-2.0
#include "mkimage/stage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "base/log.h"
#include "base/store.h"
#include "mkimage/catalog.h"
#include "mkimage/discard.h"
#include "mkimage/image_config.h"

#define NAME_TRIES 100

struct stage {
	int storefd; /* the caller's */
	int templatesfd;
	int fd; /* carries the lock */
	int rootfd, asidefd;
	bool committed;
	char name[32];
};

static unsigned long long freed;

unsigned long long stage_freed(void)
{
	return freed;
}

static int failed(int r, const char *what)
{
	log_error(r, "%s", what);
	return r;
}

static int open_templates(int storefd)
{
	int fd = openat(storefd, "templates",
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int lock(int fd, int how)
{
	while (flock(fd, how))
		if (errno != EINTR)
			return -errno;
	return 0;
}

static int lock_templates(int storefd)
{
	_cleanup_fd int fd = open_templates(storefd);
	int r = fd < 0 ? fd : lock(fd, LOCK_EX);

	return r ? r : take_fd(&fd);
}

int stage_lock(int storefd)
{
	int fd = lock_templates(storefd);

	return fd < 0 ? failed(fd, "templates") : fd;
}

static struct stage *alloc(int storefd)
{
	struct stage *s = calloc(1, sizeof(*s));

	if (s) {
		s->storefd = storefd;
		s->templatesfd = s->fd = s->rootfd = s->asidefd = -1;
	}
	return s;
}

static void close_all(struct stage *s)
{
	int *fds[] = { &s->rootfd, &s->asidefd, &s->fd, &s->templatesfd };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (*fds[i] >= 0)
			close(*fds[i]);
	free(s);
}

/* Adopts the directory `name`, which must not be anybody's: -EWOULDBLOCK. */
static int adopt(struct stage *s, const char *name)
{
	snprintf(s->name, sizeof(s->name), "%s", name);
	s->fd = openat(s->templatesfd, name,
		       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (s->fd < 0 || flock(s->fd, LOCK_EX | LOCK_NB))
		return -errno;
	return 0;
}

static int random_name(char name[32])
{
	uint64_t v;

	if (getrandom(&v, sizeof(v), 0) != sizeof(v))
		return -errno;
	snprintf(name, 32, STAGE_PREFIX "%012" PRIx64, v >> 16);
	return 0;
}

int stage_free(struct stage *s)
{
	unsigned long long bytes = 0;
	int r = 0;

	if (!s)
		return 0;
	if (!s->committed && s->fd >= 0) {
		r = discard_version(s->storefd, s->templatesfd, s->name,
				    &bytes);
		if (r)
			log_error(r, "templates/%s: cannot be removed",
				  s->name);
		freed += bytes;
	}
	close_all(s);
	return r;
}

struct sweep {
	int storefd;
	bool keep;
	stage_sweep_fn fn;
	void *arg;
};

/* Tells of it, then removes it. */
static int end_dead(struct stage *s, const struct sweep *sweep)
{
	unsigned long long bytes = 0;
	int r = sweep->fn ? discard_measure(s->fd, &bytes) : 0;

	if (sweep->fn && !r)
		sweep->fn(sweep->arg, s->name, bytes);
	if (!sweep->keep)
		return stage_free(s);
	close_all(s);
	return r;
}

/* One dead build, if it is dead: nothing when somebody works on it. */
static int remove_dead(const struct sweep *sweep, const char *name)
{
	_cleanup_fd int lockfd = stage_lock(sweep->storefd);
	struct stage *s;
	int r;

	if (lockfd < 0)
		return lockfd;
	s = alloc(sweep->storefd);
	r = s ? 0 : -ENOMEM;
	if (!r) {
		s->templatesfd = open_templates(sweep->storefd);
		r = s->templatesfd < 0 ? s->templatesfd : adopt(s, name);
	}
	close(take_fd(&lockfd));
	if (!r)
		return end_dead(s, sweep);
	if (s)
		close_all(s);
	if (r == -EWOULDBLOCK || r == -ENOENT)
		return 0;
	log_warning(r, "templates/%s", name);
	return r;
}

int stage_sweep(int storefd, bool keep, stage_sweep_fn fn, void *arg)
{
	const struct sweep sweep = { storefd, keep, fn, arg };
	_cleanup_dir DIR *dir = NULL;
	struct dirent *d;
	int r = fileio_opendir(storefd, "templates", &dir), error = 0;

	if (r)
		return failed(r, "templates");
	while (errno = 0, d = readdir(dir)) {
		if (strncmp(d->d_name, STAGE_PREFIX, strlen(STAGE_PREFIX)))
			continue;
		r = remove_dead(&sweep, d->d_name);
		if (r)
			error = r;
		errno = 0;
	}
	return errno ? failed(-errno, "templates") : error;
}

/* The directory must not be seen without its lock, so templates/ is locked
 * against remove_remains() of others. */
static int make(struct stage *s)
{
	_cleanup_fd int lockfd = lock_templates(s->storefd);
	char name[32];
	int r = lockfd < 0 ? lockfd : -EEXIST;

	for (int i = 0; i < NAME_TRIES && r == -EEXIST; i++) {
		r = random_name(name);
		if (!r && mkdirat(s->templatesfd, name, 0700))
			r = -errno;
	}
	return r ? r : adopt(s, name);
}

static int open_made(int dirfd, const char *name)
{
	int fd;

	if (mkdirat(dirfd, name, 0700))
		return -errno;
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* What a default ACL, a set-GID directory or the mount option grpid gave to a
 * new directory is none of the template's, and must not be passed on to what
 * is made in it: files that are put together aside end in the tree, too. */
static int drop_inherited(int fd)
{
	static const char *const names[] = { "system.posix_acl_access",
					     "system.posix_acl_default" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int r = fileio_removexattr(fd, NULL, names[i]);

		if (r && r != -ENODATA && r != -EOPNOTSUPP)
			return r;
	}
	if (fchown(fd, geteuid(), getegid()) || fchmod(fd, 0700))
		return -errno;
	return 0;
}

static int fill(struct stage *s)
{
	int r;

	s->templatesfd = open_templates(s->storefd);
	if (s->templatesfd < 0)
		return s->templatesfd;
	r = make(s);
	if (r)
		return r;
	s->rootfd = open_made(s->fd, "root");
	if (s->rootfd < 0)
		return s->rootfd;
	s->asidefd = open_made(s->fd, "aside");
	if (s->asidefd < 0)
		return s->asidefd;
	r = drop_inherited(s->rootfd);
	return r ? r : drop_inherited(s->asidefd);
}

int stage_new(int storefd, struct stage **ret)
{
	struct stage *s;
	int r;

	/* That something is left has been told, and is no reason not to build;
	 * that templates/ cannot be read will show. */
	(void)stage_sweep(storefd, false, NULL, NULL);
	s = alloc(storefd);
	r = s ? fill(s) : -ENOMEM;
	if (r) {
		stage_free(s);
		return failed(r, "templates: no place for a new one");
	}
	*ret = s;
	return 0;
}

int stage_fd(const struct stage *s)
{
	return s->fd;
}

int stage_rootfd(const struct stage *s)
{
	return s->rootfd;
}

int stage_asidefd(const struct stage *s)
{
	return s->asidefd;
}

/* The version is there already: all that it gets of this build is the image's
 * configuration, if it has one. */
static int add_config(const struct stage *s, int namefd, const char *version)
{
	_cleanup_fd int fd = openat(namefd, version,
				    O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
					    O_CLOEXEC);

	return fd < 0 ? -errno : image_config_move(s->fd, fd);
}

/* Under the lock: the rename, and what makes it durable. */
static int publish(struct stage *s, const char *name, const char *version)
{
	_cleanup_fd int namefd = catalog_open_name(s->storefd, name, true);
	bool existed = false;
	int r;

	if (namefd < 0)
		return namefd;
	if (renameat(s->templatesfd, s->name, namefd, version)) {
		if (errno != ENOTEMPTY && errno != EEXIST)
			return -errno;
		existed = true;
		r = add_config(s, namefd, version);
		if (r)
			return r;
	}
	s->committed = !existed;
	/* Of an existing version too: who made it may not be done yet. */
	if (fsync(namefd) || fsync(s->templatesfd))
		return -errno;
	return existed ? 1 : 0;
}

int stage_commit(struct stage *s, const char *name, const char *version)
{
	_cleanup_fd int lockfd = -1;
	_cleanup_fd int namefd = -1;
	int r, existed;

	close(take_fd(&s->asidefd));
	if (unlinkat(s->fd, "aside", AT_REMOVEDIR))
		return failed(-errno, "templates: aside");
	/* All that the version consists of, before its name. */
	if (syncfs(s->fd))
		return failed(-errno, "writing to disk");
	lockfd = stage_lock(s->storefd);
	if (lockfd < 0)
		return lockfd;
	existed = publish(s, name, version);
	if (existed < 0)
		return failed(existed, name);
	namefd = catalog_open_name(s->storefd, name, false);
	r = namefd < 0 ? namefd : catalog_set_current(namefd, version);
	return r ? failed(r, name) : existed;
}

/* Under the lock: 1 if it is there.  Its content is on disk since before it had
 * its name; the name may not be yet. */
static int reuse(const struct stage *s, const char *name, const char *version)
{
	_cleanup_fd int namefd = catalog_open_name(s->storefd, name, false);
	int r;

	if (namefd < 0)
		return namefd == -ENOENT ? 0 : namefd;
	if (faccessat(namefd, version, F_OK, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -errno;
	if (fsync(namefd) || fsync(s->templatesfd))
		return -errno;
	if (catalog_is_current(namefd, version))
		return 1;
	r = catalog_set_current(namefd, version);
	return r ? r : 1;
}

int stage_reuse(struct stage *s, const char *name, const char *version)
{
	_cleanup_fd int lockfd = stage_lock(s->storefd);
	int r = lockfd < 0 ? lockfd : reuse(s, name, version);

	return r < 0 && lockfd >= 0 ? failed(r, name) : r;
}

/* Renames the version to a free .build- name. */
static int hide(struct stage *s, const char *name, const char *version)
{
	_cleanup_fd int namefd = catalog_open_name(s->storefd, name, false);
	char aside[32];
	int r;

	if (namefd < 0)
		return namefd;
	r = random_name(aside);
	if (!r && renameat(namefd, version, s->templatesfd, aside))
		r = -errno;
	return r ? r : adopt(s, aside);
}

int stage_take(int storefd, const char *name, const char *version,
	       struct stage **ret)
{
	struct stage *s = alloc(storefd);
	int r = s ? 0 : -ENOMEM;

	if (!r) {
		s->templatesfd = open_templates(storefd);
		r = s->templatesfd < 0 ? s->templatesfd
				       : hide(s, name, version);
	}
	if (r) {
		if (s)
			close_all(s);
		return failed(r, name);
	}
	*ret = s;
	return 0;
}
