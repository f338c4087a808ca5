// SPDX-License-Identifier: Apache-2.0
#include "mkimage/catalog.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fileio.h"

#define INFO "info.json"
#define INFO_MAX (16 << 20)
#define RECORD 1
#define CURRENT "current"
#define CURRENT_NEW ".current"

void template_info_release(struct template_info *i)
{
	free(i->name);
	free(i->source);
	memset(i, 0, sizeof(*i));
}

void catalog_release(struct catalog *c)
{
	for (size_t i = 0; i < c->n; i++)
		template_info_release(&c->at[i]);
	free(c->at);
	c->at = NULL;
	c->n = 0;
}

int catalog_add_build(json_t *json, const struct template_info *i)
{
	json_t *more = json_pack("{s:I, s:I, s:I, s:I}", "shared_files",
				 (json_int_t)i->shared, "bytes_written",
				 (json_int_t)i->written, "bytes_reflinked",
				 (json_int_t)i->reflinked, "bytes_avoided",
				 (json_int_t)i->avoided);
	int r = more && !json_object_update(json, more) ? 0 : -ENOMEM;

	json_decref(more);
	return r;
}

static json_t *pack_info(const struct template_info *i)
{
	return json_pack("{s:i, s:s, s:I, s:I, s:I, s:I}", "record", RECORD,
			 "source", i->source, "built", (json_int_t)i->built,
			 "entries", (json_int_t)i->entries, "files",
			 (json_int_t)i->files, "bytes", (json_int_t)i->bytes);
}

int catalog_write_info(int dirfd, const struct template_info *i)
{
	json_t *json = pack_info(i);
	_cleanup_free char *text =
		json && !catalog_add_build(json, i)
			? json_dumps(json, JSON_INDENT(2)) : NULL;

	json_decref(json);
	if (!text)
		return -EILSEQ; /* a path that is not UTF-8, or no memory */
	return fileio_write_file(dirfd, INFO, text, strlen(text), 0644);
}

json_t *catalog_to_json(const struct template_info *i)
{
	return json_pack("{s:s, s:s, s:b, s:s, s:I, s:I, s:I, s:I}", "name",
			 i->name, "version", i->version, "current",
			 i->current, "source", i->source, "built",
			 (json_int_t)i->built, "entries",
			 (json_int_t)i->entries, "files",
			 (json_int_t)i->files, "bytes", (json_int_t)i->bytes);
}

static int unpack_info(json_t *json, struct template_info *i)
{
	json_int_t built, entries, files, bytes;
	const char *source;
	int record;

	if (json_unpack(json, "{s:i}", "record", &record))
		return -EBADMSG;
	if (record > RECORD)
		return -EPROTO;
	if (json_unpack(json, "{s:s, s:I, s:I, s:I, s:I}", "source", &source,
			"built", &built, "entries", &entries, "files", &files,
			"bytes", &bytes) ||
	    entries < 0 || files < 0 || bytes < 0)
		return -EBADMSG;
	i->source = strdup(source);
	i->built = built;
	i->entries = (uint64_t)entries;
	i->files = (uint64_t)files;
	i->bytes = (uint64_t)bytes;
	return i->source ? 0 : -ENOMEM;
}

static int read_info(int namefd, struct template_info *i)
{
	_cleanup_bytes struct bytes text = BYTES_INIT;
	char path[STORE_VERSION_HEX + sizeof(INFO) + 1];
	json_t *json;
	int r;

	snprintf(path, sizeof(path), "%s/%s", i->version, INFO);
	r = fileio_read_file(namefd, path, INFO_MAX, &text);
	if (r)
		return r;
	json = json_loadb(text.data, text.len, 0, NULL);
	if (!json)
		return -EBADMSG;
	r = unpack_info(json, i);
	json_decref(json);
	return r;
}

static char *name_path(const char *name)
{
	char *path = template_path(name, "");

	if (path)
		path[strlen(path) - 1] = '\0';
	return path;
}

int catalog_open_name(int storefd, const char *name, bool create)
{
	_cleanup_free char *path = name_path(name);
	int fd;

	if (!path)
		return -ENOMEM;
	if (create && mkdirat(storefd, path, 0700) && errno != EEXIST)
		return -errno;
	fd = openat(storefd, path,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int catalog_remove_name(int storefd, const char *name)
{
	_cleanup_free char *path = name_path(name);

	if (!path)
		return -ENOMEM;
	return unlinkat(storefd, path, AT_REMOVEDIR) ? -errno : 0;
}

/* Aside and renamed, so that there is always a current one.  Callers hold the
 * lock of templates/, so one fixed name is enough. */
int catalog_set_current(int namefd, const char *version)
{
	if (unlinkat(namefd, CURRENT_NEW, 0) && errno != ENOENT)
		return -errno;
	if (!version) {
		if (unlinkat(namefd, CURRENT, 0) && errno != ENOENT)
			return -errno;
		return fsync(namefd) ? -errno : 0;
	}
	if (symlinkat(version, namefd, CURRENT_NEW) ||
	    renameat(namefd, CURRENT_NEW, namefd, CURRENT) || fsync(namefd))
		return -errno;
	return 0;
}

bool catalog_is_current(int namefd, const char *version)
{
	char current[STORE_VERSION_HEX + 1] = "";

	return readlinkat(namefd, CURRENT, current, STORE_VERSION_HEX) ==
		       STORE_VERSION_HEX &&
	       !strcmp(current, version);
}

/* Reads a directory's names that fit: NULL-terminated. */
static int list_names(int dirfd, bool (*fits)(const char *), char ***ret)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	char **names = calloc(1, sizeof(*names)), **grown;
	struct dirent *d;
	size_t n = 0;
	int r = !dir ? -errno : !names ? -ENOMEM : 0;

	if (!dir && fd >= 0)
		close(fd);
	while (!r && (errno = 0, d = readdir(dir))) {
		if (!fits(d->d_name))
			continue;
		grown = reallocarray(names, n + 2, sizeof(*names));
		if (grown) {
			names = grown;
			names[n] = strdup(d->d_name);
			names[n + 1] = NULL;
		}
		if (!grown || !names[n++])
			r = -ENOMEM;
	}
	if (!r && dir && errno)
		r = -errno;
	if (r)
		store_strv_free(names);
	else
		*ret = names;
	return r;
}

static int add_version(struct catalog *c, int namefd, const char *name,
		       const char *version, const char *current)
{
	struct template_info *grown, i = { 0 };
	struct stat st;

	grown = reallocarray(c->at, c->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	c->at = grown;
	memcpy(i.version, version, sizeof(i.version));
	i.current = !strcmp(version, current);
	i.name = strdup(name);
	if (!i.name)
		return -ENOMEM;
	i.error = read_info(namefd, &i);
	/* Removed since the directory was read? */
	if (i.error == -ENOENT &&
	    fstatat(namefd, version, &st, AT_SYMLINK_NOFOLLOW)) {
		template_info_release(&i);
		return 0;
	}
	c->at[c->n++] = i;
	return 0;
}

static int add_name(struct catalog *c, int storefd, const char *name)
{
	_cleanup_fd int fd = catalog_open_name(storefd, name, false);
	char current[STORE_VERSION_HEX + 1] = "";
	char **versions;
	int r;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (readlinkat(fd, CURRENT, current, STORE_VERSION_HEX) < 0 &&
	    errno != ENOENT)
		return -errno;
	r = list_names(fd, store_version_ok, &versions);
	if (r)
		return r;
	for (char **v = versions; *v && !r; v++)
		r = add_version(c, fd, name, *v, current);
	store_strv_free(versions);
	return r;
}

static bool is_name(const char *name)
{
	return name[0] != '.';
}

static int add_all(struct catalog *c, int storefd)
{
	_cleanup_fd int fd = openat(storefd, "templates",
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char **names;
	int r;

	if (fd < 0)
		return -errno;
	r = list_names(fd, is_name, &names);
	if (r)
		return r;
	for (char **n = names; *n && !r; n++) {
		for (char *p = *n; *p; p++)
			if (*p == '%')
				*p = '/';
		if (store_template_name_ok(*n))
			r = add_name(c, storefd, *n);
	}
	store_strv_free(names);
	return r;
}

static int compare(const void *x, const void *y)
{
	const struct template_info *a = x, *b = y;
	int c = strcmp(a->name, b->name);

	if (c)
		return c;
	if (a->built != b->built)
		return a->built > b->built ? -1 : 1;
	return strcmp(a->version, b->version);
}

int catalog_list(int storefd, const char *name, struct catalog *ret)
{
	struct catalog c = { NULL, 0 };
	int r = name ? add_name(&c, storefd, name) : add_all(&c, storefd);

	if (r) {
		catalog_release(&c);
		return r;
	}
	if (c.n)
		qsort(c.at, c.n, sizeof(*c.at), compare);
	*ret = c;
	return 0;
}

static bool stands_on(const struct container *c, const char *name,
		      const char *version)
{
	for (size_t i = 0; i < c->stack.n; i++)
		if (!strcmp(c->stack.refs[i].name, name) &&
		    !strcmp(c->stack.refs[i].version, version))
			return true;
	return false;
}

/* 1 if the container uses the version, 0, or -errno. */
static int uses(int storefd, const char *id, const char *name,
		const char *version)
{
	struct container c;
	int r = container_read(storefd, id, &c);

	if (r)
		return r == -ENOENT ? 0 : r; /* removed since */
	r = stands_on(&c, name, version);
	container_release(&c);
	return r;
}

int catalog_users(int storefd, const char *name, const char *version,
		  char ***ret)
{
	char **ids, **kept;
	int r = container_list(storefd, &ids);

	if (r)
		return r;
	/* In place: ids that are kept move to the front. */
	kept = ids;
	for (char **id = ids; *id; id++) {
		char *this = take_ptr(*id);

		if (r >= 0)
			r = uses(storefd, this, name, version);
		if (r > 0)
			*kept++ = this;
		else
			free(this);
	}
	*kept = NULL;
	if (r < 0)
		store_strv_free(ids);
	else
		*ret = ids;
	return r < 0 ? r : 0;
}

int catalog_count_users(int storefd, struct catalog *c)
{
	struct container container;
	char **ids;
	int r = container_list(storefd, &ids);

	if (r)
		return r;
	for (char **id = ids; *id && !r; id++) {
		r = container_read(storefd, *id, &container);
		if (r == -ENOENT) {
			r = 0; /* removed since */
			continue;
		}
		for (size_t i = 0; i < c->n && !r; i++)
			c->at[i].containers += stands_on(&container,
							 c->at[i].name,
							 c->at[i].version);
		if (!r)
			container_release(&container);
	}
	store_strv_free(ids);
	return r;
}

int catalog_parse(const char *text, struct template_stack *ret)
{
	struct template_stack s;
	int r = template_stack_parse(text, &s);

	if (r)
		return r;
	if (s.n != 1) {
		template_stack_release(&s);
		return -EINVAL;
	}
	*ret = s;
	return 0;
}
