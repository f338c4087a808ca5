// SPDX-License-Identifier: Apache-2.0
#include "mkimage/source.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/layer_format.h"
#include "base/log.h"
#include "mkimage/acl.h"

#define OCI "oci:"
#define DOCKER "docker-archive:"

static bool has_prefix(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

static int open_image(const char *path, const struct source_options *options,
		      struct source **ret)
{
	if (has_prefix(path, OCI))
		return source_oci_open(path + strlen(OCI), options, ret);
	return source_docker_open(path + strlen(DOCKER), options, ret);
}

bool source_is_image(const char *path)
{
	return has_prefix(path, OCI) || has_prefix(path, DOCKER);
}

static int open_kind(const char *path, const struct source_options *options,
		     struct source **ret)
{
	struct stat st;

	if (source_is_image(path))
		return open_image(path, options, ret);
	if (!strcmp(path, "-"))
		return source_tar_open(path, ret);
	if (stat(path, &st)) {
		int r = -errno;

		log_error(r, "%s", path);
		return r;
	}
	if (S_ISDIR(st.st_mode))
		return source_dir_open(path, options, ret);
	return source_tar_open(path, ret);
}

int source_open(const char *path, const struct source_options *options,
		struct source **ret)
{
	int r = open_kind(path, options, ret);

	if (!r)
		(*ret)->left = options->max_size;
	return r;
}

void source_item_release(struct source_item *i)
{
	manifest_entry_release(&i->entry);
}

void source_close(struct source *s)
{
	if (!s)
		return;
	if (s->dropped)
		log_warning(0, "%lu attributes %s* and %s* of the source were left out",
			    s->dropped, STENCIL_NS_TRUSTED, STENCIL_NS_USER);
	free(s->path);
	free(s->name);
	bytes_release(&s->config);
	s->ops->close(s);
}

static bool has_data(const struct source_item *i)
{
	return i->kind == SOURCE_ENTRY && !i->entry.hardlink &&
	       S_ISREG(i->entry.mode);
}

/* What an entry promises counts at once: a header that lies about its size
 * must not cost more than itself. */
static int take_size(struct source *s, const struct manifest_entry *e)
{
	if (e->size > s->left) {
		log_error(0, "%s: more data than --max-size allows", e->path);
		return -EFBIG;
	}
	free(s->path);
	s->path = strdup(e->path);
	if (!s->path) {
		log_error(-ENOMEM, "%s", e->path);
		return -ENOMEM;
	}
	s->left -= e->size;
	s->size = e->size;
	s->end = 0;
	return 0;
}

int source_next(struct source *s, struct source_item *ret)
{
	struct source_item item = { 0 };
	int r = s->ops->next(s, &item);

	if (r <= 0)
		return r;
	r = has_data(&item) ? take_size(s, &item.entry) : 0;
	if (r) {
		source_item_release(&item);
		return r;
	}
	*ret = item;
	return 1;
}

int source_data(struct source *s, struct source_block *ret)
{
	struct source_block block;
	int r = s->ops->data(s, &block);

	if (r <= 0)
		return r;
	if (block.offset < s->end || block.offset > s->size ||
	    block.len > s->size - block.offset) {
		log_error(0, "%s: its data %s", s->path,
			  block.offset < s->end ? "is not in order"
						: "goes beyond its size");
		return -EBADMSG;
	}
	s->end = block.offset + block.len;
	*ret = block;
	return 1;
}

/* listxattr(2) gives all names in one piece, each with a NUL. */
static bool fits(const struct manifest_entry *e, const char *name, size_t len)
{
	size_t names = strlen(name) + 1;

	if (names > XATTR_NAME_MAX + 1 || len > XATTR_SIZE_MAX)
		return false;
	for (size_t i = 0; i < e->nxattrs; i++)
		names += strlen(e->xattrs[i].name) + 1;
	return names <= XATTR_LIST_MAX;
}

int source_add_xattr(struct source *s, struct manifest_entry *e,
		     const char *name, const void *value, size_t len)
{
	struct manifest_xattr *grown, x = { NULL, NULL, len };

	if (has_prefix(name, STENCIL_NS_TRUSTED) ||
	    has_prefix(name, STENCIL_NS_USER)) {
		s->dropped++;
		return 0;
	}
	if (acl_is_shadow(name))
		return 0;
	for (size_t i = 0; i < e->nxattrs; i++)
		if (!strcmp(e->xattrs[i].name, name))
			return 0;
	if (!fits(e, name, len))
		return -E2BIG;
	grown = reallocarray(e->xattrs, e->nxattrs + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	e->xattrs = grown;
	x.name = strdup(name);
	x.value = malloc(len + 1);
	if (!x.name || !x.value) {
		free(x.name);
		free(x.value);
		return -ENOMEM;
	}
	if (len)
		memcpy(x.value, value, len);
	x.value[len] = '\0';
	grown[e->nxattrs++] = x;
	return 0;
}

static int compare_xattrs(const void *a, const void *b)
{
	const struct manifest_xattr *x = a, *y = b;

	return strcmp(x->name, y->name);
}

void source_sort_xattrs(struct manifest_entry *e)
{
	if (e->nxattrs > 1)
		qsort(e->xattrs, e->nxattrs, sizeof(*e->xattrs),
		      compare_xattrs);
}

int source_path(const char *name, char **ret)
{
	_cleanup_free char *out = NULL;
	size_t used = 0;

	if (!name[0])
		return -EINVAL;
	out = malloc(strlen(name) + 2);
	if (!out)
		return -ENOMEM;
	while (*name) {
		size_t n = strcspn(name, "/");

		if (n == 2 && !strncmp(name, "..", 2))
			return -EINVAL;
		if (n > NAME_MAX)
			return -ENAMETOOLONG;
		if (n && !(n == 1 && name[0] == '.')) {
			out[used++] = '/';
			memcpy(out + used, name, n);
			used += n;
		}
		name += n + (name[n] == '/');
	}
	if (!used)
		out[used++] = '/';
	out[used] = '\0';
	if (used >= PATH_MAX)
		return -ENAMETOOLONG;
	*ret = take_ptr(out);
	return 0;
}

int source_split(const char *text, char **ret_path, const char **ret_ref)
{
	const char *end = text;
	struct stat st;

	while (*end) {
		_cleanup_free char *path = NULL;

		end += 1 + strcspn(end + 1, ":");
		path = strndup(text, (size_t)(end - text));
		if (!path)
			return -ENOMEM;
		if (!stat(path, &st)) {
			*ret_ref = *end ? end + 1 : NULL;
			*ret_path = take_ptr(path);
			return 0;
		}
		if (errno != ENOENT && errno != ENOTDIR)
			return -errno;
	}
	return -ENOENT;
}
