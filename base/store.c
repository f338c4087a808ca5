// SPDX-License-Identifier: Apache-2.0
/* Paths, names and stacks; base/container.c has the containers. */
#include "base/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fileio.h"

#define TEMPLATES "templates/"

const char *store_path(const char *option)
{
	const char *env = getenv(STORE_ENV);

	if (option)
		return option;
	return env && *env ? env : STORE_DEFAULT;
}

int store_open(const char *path, bool create)
{
	/* Nobody but root: set-id programs of a template, with the faults
	 * they had when it was built, are none of the host's users'. */
	static const char *const dirs[] = { "pool", "templates", "containers",
					    "cache" };
	_cleanup_fd int fd = -1;
	size_t i;
	int err;

	if (create) {
		err = fileio_mkdirs(path, 0755);
		if (err)
			return err;
	}
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	for (i = 0; create && i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (mkdirat(fd, dirs[i], 0700) && errno != EEXIST)
			return -errno;
	return take_fd(&fd);
}

static bool name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

/* With slashes each part is a name by itself. */
static bool name_ok(const char *name, bool slashes)
{
	bool first = true;
	const char *p;

	for (p = name; *p; p++) {
		if (first && (*p == '.' || *p == '-'))
			return false;
		if (!name_char(*p) && (*p != '/' || !slashes || first))
			return false;
		first = *p == '/';
	}
	return !first && p - name <= STORE_NAME_MAX;
}

bool store_container_name_ok(const char *id)
{
	return name_ok(id, false);
}

bool store_template_name_ok(const char *name)
{
	return name_ok(name, true);
}

bool store_version_ok(const char *version)
{
	return strlen(version) == STORE_VERSION_HEX &&
	       strspn(version, "0123456789abcdef") == STORE_VERSION_HEX;
}

void store_strv_free(char **v)
{
	char **p;

	for (p = v; p && *p; p++)
		free(*p);
	free(v);
}

static bool version_ok(const char *version, size_t min)
{
	size_t n = strspn(version, "0123456789abcdef");

	return !version[n] && n >= min && n <= STORE_VERSION_HEX;
}

void template_stack_release(struct template_stack *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		free(s->refs[i].name);
		free(s->refs[i].version);
	}
	free(s->refs);
	*s = (struct template_stack){ 0 };
}

/* Appends NAME[@VERSION]. */
static int add_ref(struct template_stack *s, const char *text, size_t len)
{
	_cleanup_free char *name = strndup(text, len);
	_cleanup_free char *version = NULL;
	struct template_ref *refs;
	char *at;

	if (!name)
		return -ENOMEM;
	at = strchr(name, '@');
	if (at) {
		*at = '\0';
		version = strdup(at + 1);
		if (!version)
			return -ENOMEM;
		if (!version_ok(version, STORE_VERSION_MIN))
			return -EINVAL;
	}
	if (!store_template_name_ok(name))
		return -EINVAL;
	refs = reallocarray(s->refs, s->n + 1, sizeof(*refs));
	if (!refs)
		return -ENOMEM;
	s->refs = refs;
	refs[s->n].name = take_ptr(name);
	refs[s->n].version = take_ptr(version);
	s->n++;
	return 0;
}

int template_stack_parse(const char *text, struct template_stack *ret)
{
	struct template_stack s = { 0 };
	const char *end;
	int err;

	for (;; text = end + 1) {
		end = strchrnul(text, ':');
		err = add_ref(&s, text, end - text);
		if (err) {
			template_stack_release(&s);
			return err;
		}
		if (!*end)
			break;
	}
	*ret = s;
	return 0;
}

char *template_path(const char *name, const char *version)
{
	char *path, *p;

	if (asprintf(&path, TEMPLATES "%s/%s", name, version) < 0)
		return NULL;
	for (p = path + strlen(TEMPLATES); p[strlen(version) + 1]; p++)
		if (*p == '/')
			*p = '%';
	return path;
}

/* templates/NAME, for reading. */
static int open_template(int storefd, const char *name)
{
	_cleanup_free char *path = template_path(name, "");
	int fd;

	if (!path)
		return -ENOMEM;
	fd = openat(storefd, path,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int check_version(int dirfd, const char *version)
{
	struct stat st;

	if (fstatat(dirfd, version, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -EBADMSG;
}

static int find_current(int dirfd, char found[static STORE_VERSION_HEX + 1])
{
	char target[STORE_VERSION_HEX + 2];
	ssize_t n = readlinkat(dirfd, "current", target, sizeof(target));
	int err;

	if (n < 0)
		return -errno;
	if (n != STORE_VERSION_HEX)
		return -EBADMSG;
	target[n] = '\0';
	if (!version_ok(target, STORE_VERSION_HEX))
		return -EBADMSG;
	err = check_version(dirfd, target);
	if (!err)
		memcpy(found, target, STORE_VERSION_HEX + 1);
	return err;
}

static int find_prefix(int dirfd, const char *prefix,
		       char found[static STORE_VERSION_HEX + 1])
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;
	size_t n = 0;

	if (!dir) {
		int err = -errno;

		if (fd >= 0)
			close(fd);
		return err;
	}
	while (errno = 0, d = readdir(dir)) {
		if (strncmp(d->d_name, prefix, strlen(prefix)) ||
		    !version_ok(d->d_name, STORE_VERSION_HEX))
			continue;
		memcpy(found, d->d_name, STORE_VERSION_HEX + 1);
		n++;
	}
	if (errno)
		return -errno;
	return n == 1 ? 0 : n ? -ENOTUNIQ : -ENOENT;
}

/* The whole version that `ref` means, for the caller to free. */
static int resolve_ref(int storefd, const struct template_ref *ref, char **ret)
{
	_cleanup_fd int fd = open_template(storefd, ref->name);
	char found[STORE_VERSION_HEX + 1] = "";
	char *version;
	int err;

	if (fd < 0)
		return fd;
	if (!ref->version)
		err = find_current(fd, found);
	else
		err = find_prefix(fd, ref->version, found);
	if (err)
		return err;
	version = strdup(found);
	if (!version)
		return -ENOMEM;
	*ret = version;
	return 0;
}

int template_stack_resolve(int storefd, struct template_stack *s,
			   size_t *ret_missing)
{
	char **versions = calloc(s->n + 1, sizeof(*versions));
	int err = versions ? 0 : -ENOMEM;
	size_t i;

	for (i = 0; !err && i < s->n; i++) {
		err = resolve_ref(storefd, &s->refs[i], &versions[i]);
		if (err && ret_missing)
			*ret_missing = i;
	}
	/* All or none: a stack half resolved would be a mixture. */
	for (i = 0; !err && i < s->n; i++) {
		free(s->refs[i].version);
		s->refs[i].version = take_ptr(versions[i]);
	}
	store_strv_free(versions);
	return err;
}
