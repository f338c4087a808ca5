// SPDX-License-Identifier: Apache-2.0
#include "mkimage/leftovers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "base/store.h"
#include "mkimage/stage.h"

#define ASIDE ".tmp-" /* of fileio_write_file() */
#define ASIDE_DIGITS 16
#define CURRENT_NEW ".current" /* of catalog_set_current() */

/* Who writes a file aside renames it within moments. */
#define ASIDE_AGE 3600

/* One directory of a store, and what is ordinary in it. */
struct place {
	int storefd;
	const char *path;
	const struct leftovers *l;
	int dirfd;
};

typedef int (*place_fn)(const struct place *p, const char *name);

static const char *join(char out[static PATH_MAX], const struct place *p,
			const char *name)
{
	if (!strcmp(p->path, "."))
		snprintf(out, PATH_MAX, "%s", name);
	else
		snprintf(out, PATH_MAX, "%s/%s", p->path, name);
	return out;
}

static void tell_unknown(const struct place *p, const char *name)
{
	char path[PATH_MAX];

	p->l->unknown(p->l->arg, join(path, p, name));
}

/* 1 if it was one, or -errno. */
static int sweep_aside(const struct place *p, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	if (strncmp(name, ASIDE, strlen(ASIDE)) ||
	    strlen(name) != strlen(ASIDE) + ASIDE_DIGITS)
		return 0;
	if (fstatat(p->dirfd, name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 1 : -errno;
	if (!S_ISREG(st.st_mode))
		return 0;
	if (time(NULL) - st.st_mtim.tv_sec < ASIDE_AGE)
		return 1;
	p->l->removed(p->l->arg, join(path, p, name),
		      "never put in its place",
		      (unsigned long long)st.st_blocks * 512);
	if (!p->l->keep && unlinkat(p->dirfd, name, 0) && errno != ENOENT)
		return -errno;
	return 1;
}

/* Calls fn for all that is in the directory. */
static int each(const struct place *above, const char *name, place_fn fn)
{
	char path[PATH_MAX];
	struct place p = *above;
	_cleanup_dir DIR *dir = NULL;
	struct dirent *d;
	int r = fileio_opendir(above->dirfd, name, &dir);

	if (r)
		return r == -ENOENT ? 0 : r; /* removed meanwhile */
	p.path = join(path, above, name);
	p.dirfd = dirfd(dir);
	while (!r && (errno = 0, d = readdir(dir)))
		if (strcmp(d->d_name, ".") && strcmp(d->d_name, "..")) {
			r = fn(&p, d->d_name);
			errno = 0;
		}
	return r ? r : -errno;
}

static int in_name(const struct place *p, const char *name)
{
	char path[PATH_MAX];

	if (store_version_ok(name) || !strcmp(name, "current"))
		return 0;
	if (strcmp(name, CURRENT_NEW)) {
		tell_unknown(p, name);
		return 0;
	}
	/* templates/ is locked, so it is nobody's. */
	p->l->removed(p->l->arg, join(path, p, name), "never put in its place",
		      0);
	if (!p->l->keep && unlinkat(p->dirfd, name, 0))
		return -errno;
	return 0;
}

static bool is_empty(int dirfd, const char *name)
{
	_cleanup_dir DIR *dir = NULL;
	struct dirent *d;

	if (fileio_opendir(dirfd, name, &dir))
		return false;
	while (errno = 0, d = readdir(dir))
		if (strcmp(d->d_name, ".") && strcmp(d->d_name, ".."))
			return false;
	return !errno;
}

/* Of a template's name: a build makes it under the lock that is held here. */
static int sweep_name(const struct place *p, const char *name)
{
	char path[PATH_MAX];
	int r = each(p, name, in_name);

	if (r == -ENOTDIR || r == -ELOOP) {
		tell_unknown(p, name);
		return 0;
	}
	if (r || !is_empty(p->dirfd, name))
		return r;
	p->l->removed(p->l->arg, join(path, p, name), "has no version", 0);
	if (!p->l->keep && unlinkat(p->dirfd, name, AT_REMOVEDIR))
		return -errno;
	return 0;
}

static int in_templates(const struct place *p, const char *name)
{
	_cleanup_fd int lockfd = -1;
	char plain[NAME_MAX + 1];

	if (!strncmp(name, STAGE_PREFIX, strlen(STAGE_PREFIX)))
		return 0; /* stage_sweep() has them */
	snprintf(plain, sizeof(plain), "%s", name);
	for (char *c = plain; *c; c++)
		if (*c == '%')
			*c = '/';
	if (!store_template_name_ok(plain)) {
		tell_unknown(p, name);
		return 0;
	}
	lockfd = stage_lock(p->storefd);
	return lockfd < 0 ? lockfd : sweep_name(p, name);
}

static int in_container(const struct place *p, const char *name)
{
	int r = sweep_aside(p, name);

	return r < 0 ? r : 0;
}

static int in_containers(const struct place *p, const char *name)
{
	int r;

	/* container_sweep() has the first two. */
	if (!strncmp(name, ".tmp-", 5) || !strncmp(name, ".rm-", 4))
		return 0;
	r = store_container_name_ok(name) ? each(p, name, in_container)
					  : -ENOTDIR;
	if (r != -ENOTDIR && r != -ELOOP)
		return r;
	tell_unknown(p, name);
	return 0;
}

static int in_store(const struct place *p, const char *name)
{
	static const char *const known[] = { "pool", "templates", "containers",
					     "cache", "memo", "protect",
					     "lost+found" };
	int r = sweep_aside(p, name);

	if (r)
		return r < 0 ? r : 0;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(name, known[i]))
			return 0;
	tell_unknown(p, name);
	return 0;
}

int leftovers_sweep(int storefd, const struct leftovers *l)
{
	const struct place store = { storefd, ".", l, storefd };
	int r = each(&store, ".", in_store);

	if (!r)
		r = each(&store, "templates", in_templates);
	if (!r)
		r = each(&store, "containers", in_containers);
	return r;
}
