/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/index.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "fs/fault.h"

union handle {
	struct file_handle h;
	char space[sizeof(struct file_handle) + MAX_HANDLE_SZ];
};

int index_handle(struct fs *fs, struct lower *l,
		 unsigned char buf[static LAYER_HANDLE_MAX], unsigned *ret_len)
{
	_cleanup_place struct place p = PLACE_INIT;
	union handle u = { .h.handle_bytes = MAX_HANDLE_SZ };
	struct layer_handle *out = (struct layer_handle *)buf;
	int mount_id, r = lower_place(fs, l, &p);

	if (r)
		return r;
	if (name_to_handle_at(p.dirfd, p.name ? p.name : "", &u.h, &mount_id,
			      p.name ? 0 : AT_EMPTY_PATH))
		return -errno;
	if (u.h.handle_type < 0 || u.h.handle_type > 255)
		return -EOPNOTSUPP;
	out->version = LAYER_HANDLE_VERSION;
	out->magic = LAYER_HANDLE_MAGIC;
	out->len = (uint8_t)(sizeof(*out) + u.h.handle_bytes);
	out->flags = __BYTE_ORDER == __BIG_ENDIAN ? LAYER_HANDLE_BIG_ENDIAN : 0;
	out->type = (uint8_t)u.h.handle_type;
	memcpy(out->uuid, l->layer->uuid, sizeof(out->uuid));
	memcpy(out->fid, u.h.f_handle, u.h.handle_bytes);
	*ret_len = out->len;
	return 0;
}

char *index_name_of_handle(const unsigned char *handle, unsigned len)
{
	char *name = malloc(2 * (size_t)len + 1);

	if (name)
		bytes_to_hex(handle, len, name);
	return name;
}

int index_name(struct fs *fs, struct lower *l, char **ret)
{
	unsigned char handle[LAYER_HANDLE_MAX];
	unsigned len;
	char *name;
	int r = index_handle(fs, l, handle, &len);

	if (r == -EOPNOTSUPP || r == -EOVERFLOW)
		r = asprintf(&name, "%u.%llx", l->layer->index,
			     (unsigned long long)l->ino) < 0 ? -ENOMEM : 0;
	else if (!r)
		r = (name = index_name_of_handle(handle, len)) ? 0 : -ENOMEM;
	if (!r && strlen(name) > NAME_MAX) {
		free(name);
		r = -EOVERFLOW;
	}
	if (!r)
		*ret = name;
	return r;
}

int index_stat(struct fs *fs, const char *name, struct stat *ret)
{
	if (fs->index_fd < 0)
		return -ENOENT;
	return fstatat(fs->index_fd, name, ret, AT_SYMLINK_NOFOLLOW) ? -errno :
								       0;
}

/* The count of names is the template's own: the pool has one, too. */
static int origin_stat(struct fs *fs, const struct layer *l, int fd,
		       struct stat *ret)
{
	struct marks m = { 0 };
	struct stat st;
	int r = 0;

	if (fstat(fd, &st))
		return -errno;
	if (!l->foreign && S_ISREG(st.st_mode)) {
		r = marks_read(fs, fd, NULL, MARKS_TEMPLATE, &m);
		marks_release(&m);
		st.st_nlink = m.links ? m.links : 1;
	}
	if (!r)
		*ret = st;
	return r;
}

int index_origin(struct fs *fs, const struct marks *m, struct stat *ret,
		 struct layer **ret_layer)
{
	const struct layer_handle *h = (const void *)m->origin;
	union handle u;
	int r = -ESTALE;

	if (m->origin_len <= sizeof(*h) || h->len != m->origin_len ||
	    h->magic != LAYER_HANDLE_MAGIC)
		return -ESTALE;
	u.h.handle_bytes = m->origin_len - (unsigned)sizeof(*h);
	u.h.handle_type = h->type;
	memcpy(u.h.f_handle, h->fid, u.h.handle_bytes);
	for (unsigned i = 0; i < fs->nlayers; i++) {
		_cleanup_fd int fd = -1, base = -1;

		if (memcmp(fs->layers[i].uuid, h->uuid, sizeof(h->uuid)))
			continue;
		/* open_by_handle_at(2) does not take an O_PATH descriptor. */
		base = openat(fs->layers[i].fd, ".",
			      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (base < 0)
			return -errno;
		fd = open_by_handle_at(base, &u.h, O_PATH | O_CLOEXEC);
		if (fd < 0) {
			r = -errno;
			continue;
		}
		*ret_layer = &fs->layers[i];
		return origin_stat(fs, &fs->layers[i], fd, ret);
	}
	return r;
}

/* Count in the union = the stored difference + what it is relative to. */
static int union_nlink(struct fs *fs, int dirfd, const char *name,
		       uint32_t links, uint32_t *ret)
{
	_cleanup_marks struct marks m = { 0 };
	struct stat st;
	int64_t n;
	int r = marks_read(fs, dirfd, name, MARKS_PRIVATE, &m);

	if (r)
		return r;
	if (name ? fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) :
		   fstat(dirfd, &st))
		return -errno;
	n = (int64_t)(m.has_nlink && m.nlink_lower ? links : st.st_nlink);
	n += m.has_nlink ? m.nlink : 0;
	*ret = n < 0 ? 0 : (uint32_t)n;
	return 0;
}

int index_nlink(struct fs *fs, struct node *n, const struct stat *upper,
		uint32_t *ret)
{
	_cleanup_place struct place p = PLACE_INIT;
	int r = node_upper_place(fs, n, &p);

	return r ? r : union_nlink(fs, p.dirfd, p.name, n->links, ret);
}

int index_set_nlink(struct fs *fs, struct node *n, enum index_base base)
{
	_cleanup_place struct place p = PLACE_INIT;
	char value[16];
	struct stat st;
	uint32_t now;
	int64_t diff;
	int r = node_upper_place(fs, n, &p), len;

	if (!r)
		r = union_nlink(fs, p.dirfd, p.name, n->links, &now);
	if (!r)
		r = place_stat(&p, &st);
	if (r)
		return r;
	diff = (int64_t)now -
	       (int64_t)(base == INDEX_BY_UPPER ? st.st_nlink : n->links);
	len = snprintf(value, sizeof(value), "%c%+lld",
		       base == INDEX_BY_UPPER ? 'U' : 'L', (long long)diff);
	return FAULT_STEP("nlink", marks_set(fs, p.dirfd, p.name, LAYER_NLINK,
					     value, (size_t)len));
}

void index_drop_unused(struct fs *fs, struct node *n)
{
	uint32_t left;
	int r = fault_step("index-drop");

	if (!r)
		r = union_nlink(fs, fs->index_fd, n->index_name, n->links,
				&left);
	if (!r && !left)
		(void)unlinkat(fs->index_fd, n->index_name, 0);
}

int index_clean(struct fs *fs)
{
	_cleanup_dir DIR *d = NULL;
	struct dirent *e;
	uint32_t left;
	int r = fileio_opendir(fs->index_fd, ".", &d), fd;

	if (r)
		return r;
	fd = dirfd(d);
	while ((errno = 0, e = readdir(d))) {
		struct marks m = { 0 };

		if (e->d_name[0] == '.' || e->d_type == DT_DIR)
			continue;
		r = marks_read(fs, fd, e->d_name, MARKS_PRIVATE, &m);
		marks_release(&m);
		if (r)
			return r;
		/* Relative to the template's count a file has names left. */
		if (!m.has_nlink || m.nlink_lower)
			continue;
		r = union_nlink(fs, fd, e->d_name, 1, &left);
		if (!r && !left && unlinkat(fd, e->d_name, 0))
			r = -errno;
		if (r)
			return r;
	}
	return -errno;
}
