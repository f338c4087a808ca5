// SPDX-License-Identifier: Apache-2.0
#include "mkimage/docker_archive.h"

#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "base/log.h"
#include "mkimage/blob.h"
#include "mkimage/image_json.h"
#include "mkimage/member_reader.h"
#include "mkimage/source.h"
#include "mkimage/stop.h"

#define MEMBERS_MAX 100000
#define LINKS_MAX 16
#define MAGIC_MAX 6

struct docker_member {
	char *name;   /* as source_path() has it */
	char *target; /* of a link: the same of where it leads, else NULL */
	uint64_t offset;
};

static int failed(int r, const char *what)
{
	log_error(r, "%s", what);
	return r;
}

void docker_archive_release(struct docker_archive *a)
{
	if (!a->path)
		return;
	for (size_t i = 0; i < a->n; i++) {
		free(a->members[i].name);
		free(a->members[i].target);
	}
	free(a->members);
	if (a->fd >= 0)
		close(a->fd);
	free(a->path);
	a->path = NULL;
}

/* What a symbolic link at `name` leads to, by its words alone: -EINVAL if that
 * is out of the archive. */
static int resolve_words(const char *name, const char *target, char **ret)
{
	_cleanup_bytes struct bytes path = BYTES_INIT;
	int r = 0;

	if (target[0] != '/')
		r = bytes_add(&path, name,
			      (size_t)(strrchr(name, '/') - name));
	while (*target && !r) {
		size_t n = strcspn(target, "/");
		char *end;

		if (n == 2 && !strncmp(target, "..", 2)) {
			end = path.len ? strrchr(path.data, '/') : NULL;
			if (!end)
				return -EINVAL;
			path.len = (size_t)(end - path.data);
			*end = '\0';
		} else if (n && !(n == 1 && target[0] == '.')) {
			r = bytes_addf(&path, "/%.*s", (int)n, target);
		}
		target += n + (target[n] == '/');
	}
	if (r)
		return r;
	*ret = bytes_take(&path);
	return *ret ? 0 : -ENOMEM;
}

static int take_member(struct archive_entry *ae, struct docker_member *m)
{
	const char *name = archive_entry_pathname(ae);
	const char *hard = archive_entry_hardlink(ae);
	const char *soft = archive_entry_symlink(ae);
	int r;

	/* Nobody can ask for a name that is not to be had. */
	if (!name)
		return 0;
	r = source_path(name, &m->name);
	if (!r && hard)
		r = source_path(hard, &m->target);
	else if (!r && soft)
		r = resolve_words(m->name, soft, &m->target);
	else if (!r && archive_entry_filetype(ae) != S_IFREG)
		return 0;
	return r ? r : 1;
}

static int add_member(struct docker_archive *a, struct archive_entry *ae,
		      uint64_t offset)
{
	struct docker_member *grown, m = { .offset = offset };
	int r;

	if (a->n == MEMBERS_MAX) {
		log_error(0, "%s: has too many members", a->path);
		return -EBADMSG;
	}
	if (!(a->n & (a->n - 1))) {
		grown = reallocarray(a->members, a->n ? 2 * a->n : 1,
				     sizeof(*grown));
		if (!grown)
			return failed(-ENOMEM, a->path);
		a->members = grown;
	}
	r = take_member(ae, &m);
	if (r > 0) {
		a->members[a->n++] = m;
		return 0;
	}
	free(m.name);
	free(m.target);
	if (r == -EINVAL)
		log_error(0, "%s: a member's name or link leads out of it",
			  a->path);
	else if (r)
		log_error(r, "%s", a->path);
	return r;
}

static int list_members(struct docker_archive *a)
{
	struct member_reader *m;
	struct archive_entry *ae;
	uint64_t offset;
	int r = member_reader_new(a->fd, 0, a->path, &m);

	if (r)
		return r;
	while (!r && (r = member_reader_next(m, &ae, &offset)) > 0) {
		r = add_member(a, ae, offset);
		if (!r)
			r = stop_requested();
	}
	member_reader_free(m);
	return r;
}

static bool is_packed(int fd)
{
	static const struct {
		const char *bytes;
		size_t len;
	} magic[] = { { "\x1f\x8b", 2 },
		      { "\x28\xb5\x2f\xfd", 4 },
		      { "BZh", 3 },
		      { "\xfd" "7zXZ", 6 } };
	char start[MAGIC_MAX];
	ssize_t n = pread(fd, start, sizeof(start), 0);

	/* A pipe cannot be read at an offset: the same applies to it. */
	for (size_t i = 0; n >= 0 && i < sizeof(magic) / sizeof(magic[0]); i++)
		if ((size_t)n >= magic[i].len &&
		    !memcmp(start, magic[i].bytes, magic[i].len))
			return true;
	return n < 0;
}

static int write_all(struct stream *s, int fd, uint64_t max, const char *path)
{
	const void *block;
	uint64_t sum = 0;
	ssize_t n;
	int r;

	while ((n = stream_read(s, &block)) > 0) {
		sum += (uint64_t)n;
		if (sum > max) {
			log_error(0, "%s: more data than --max-size allows",
				  path);
			return -EFBIG;
		}
		r = fileio_write_all(fd, block, (size_t)n);
		if (r)
			return failed(r, "an unpacked copy in the store");
		r = stop_requested();
		if (r)
			return r;
	}
	return (int)n;
}

/* Twice what may be in it: its layers may be unpacked themselves. */
static int unpack(struct docker_archive *a,
		  const struct source_options *options)
{
	uint64_t max = options->max_size;
	struct stream *file, *unpacked;
	int fd = openat(options->storefd, "templates",
			O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	int r;

	if (fd < 0)
		return failed(-errno, "an unpacked copy in the store");
	r = stream_open_file(take_fd(&a->fd), a->path, &file);
	a->fd = fd;
	if (!r)
		r = blob_unpack(file, a->path, &unpacked);
	if (r)
		return r;
	r = write_all(unpacked, fd, max < UINT64_MAX / 2 ? 2 * max : max,
		      a->path);
	stream_close(unpacked);
	return r;
}

int docker_archive_init(struct docker_archive *a, const char *path,
			const struct source_options *options)
{
	int r = 0;

	a->fd = -1;
	a->path = realpath(path, NULL);
	if (!a->path) /* a pipe's has no file, as /dev/stdin */
		a->path = strdup(path);
	if (!a->path)
		return failed(-ENOMEM, path);
	a->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (a->fd < 0)
		return failed(-errno, path);
	if (is_packed(a->fd))
		r = unpack(a, options);
	return r ? r : list_members(a);
}

/* Of two of one name the later one counts, as it would when unpacked. */
static const struct docker_member *find(const struct docker_archive *a,
					const char *name)
{
	for (size_t i = a->n; i > 0; i--)
		if (!strcmp(a->members[i - 1].name, name))
			return &a->members[i - 1];
	return NULL;
}

static int find_data(const struct docker_archive *a, const char *name,
		     const struct docker_member **ret)
{
	_cleanup_free char *path = NULL;
	const struct docker_member *m;
	int r = source_path(name, &path);

	if (r == -ENOMEM)
		return failed(r, a->path);
	m = r ? NULL : find(a, path);
	for (int i = 0; m && m->target && i < LINKS_MAX; i++)
		m = find(a, m->target);
	if (m && !m->target) {
		*ret = m;
		return 0;
	}
	log_error(0, "%s: has no file %.200s", a->path, name);
	return -ENOENT;
}

int docker_archive_digest(const char *name, struct blob_digest *ret)
{
	_cleanup_free char *path = NULL;
	char text[BLOB_DIGEST_SIZE + 8], *hex, *end;
	int r = source_path(name, &path);

	if (r)
		return r;
	if (!strncmp(path, "/blobs/", 7)) {
		hex = strchr(path + 7, '/');
		if (!hex)
			return -EINVAL;
		*hex = ':';
		return blob_digest_parse(path + 7, ret);
	}
	end = strrchr(path, '.');
	if (!end || strcmp(end, ".json"))
		return -EINVAL;
	*end = '\0';
	if (snprintf(text, sizeof(text), "sha256:%s", path + 1) >=
	    (int)sizeof(text))
		return -EINVAL;
	return blob_digest_parse(text, ret);
}

int docker_archive_open(const struct docker_archive *a, const char *name,
			struct stream **ret)
{
	const struct docker_member *m;
	struct member_reader *reader;
	struct blob_digest digest;
	struct stream *stream;
	int r = find_data(a, name, &m);

	if (!r)
		r = member_reader_new(a->fd, m->offset, a->path, &reader);
	if (!r)
		r = member_reader_stream(reader, &stream);
	if (r)
		return r;
	if (!docker_archive_digest(name, &digest))
		return blob_verify(stream, &digest, BLOB_SIZE_UNKNOWN, name,
				   ret);
	*ret = stream;
	return 0;
}

int docker_archive_read(const struct docker_archive *a, const char *name,
			struct bytes *ret)
{
	struct stream *stream;
	int r = docker_archive_open(a, name, &stream);

	if (r)
		return r;
	r = stream_read_all(stream, IMAGE_JSON_MAX, name, ret);
	stream_close(stream);
	return r;
}
