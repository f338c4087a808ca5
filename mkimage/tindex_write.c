// SPDX-License-Identifier: Apache-2.0
/*
 * Two passes.  The manifest comes sorted by whole paths, which puts "/a-b"
 * between "/a" and "/a/c": entries are spooled in that order, each with a sort
 * key (parent, hash); sorted by it the entries of a directory are neighbours,
 * and come behind the directory itself.  Then they are copied out in that
 * order.
 */
#include "mkimage/tindex_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fileio.h"
#include "base/layer_format.h"
#include "base/log.h"
#include "base/manifest.h"
#include "base/tindex.h"
#include "mkimage/stop.h"

#define CHUNK (256 * 1024)
#define SPOOL "spool"

struct key {
	uint32_t parent; /* number in the manifest's order */
	uint32_t number;
	uint64_t hash;
};

/* A directory by the hash of its path: 128 bits with a secret seed, so that
 * no two can be made to meet. */
struct slot {
	XXH128_hash_t path;
	uint32_t number, ordinal;
};

/* What is in a directory, by its ordinal. */
struct range {
	uint32_t first, n;
};

struct spool {
	int fd;
	struct bytes chunk;
	uint64_t size; /* with the chunk */
};

struct writer {
	int rootfd;
	uint64_t seed;
	struct spool entries, strings;
	struct key *keys;
	size_t nkeys, size;
	struct slot *slots; /* open addressing, ordinal + 1, 0: free */
	size_t nslots, ndirs;
};

static int failed(int r, const char *what)
{
	if (r != -EINTR)
		log_error(r, "the index: %s", what);
	return r;
}

static int spool_flush(struct spool *s)
{
	int r = fileio_write_all(s->fd, s->chunk.data, s->chunk.len);

	s->chunk.len = 0;
	return r;
}

static int spool_add(struct spool *s, const void *data, size_t len)
{
	int r = bytes_add(&s->chunk, data, len);

	if (r)
		return r;
	s->size += len;
	return s->chunk.len < CHUNK ? 0 : spool_flush(s);
}

static struct slot *find_slot(const struct writer *w, XXH128_hash_t path)
{
	size_t i = path.low64 & (w->nslots - 1);

	while (w->slots[i].ordinal &&
	       !XXH128_isEqual(w->slots[i].path, path))
		i = (i + 1) & (w->nslots - 1);
	return &w->slots[i];
}

static int grow_slots(struct writer *w)
{
	struct writer bigger = { .nslots = w->nslots ? 2 * w->nslots : 1024 };

	bigger.slots = calloc(bigger.nslots, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < w->nslots; i++)
		if (w->slots[i].ordinal)
			*find_slot(&bigger, w->slots[i].path) = w->slots[i];
	free(w->slots);
	w->slots = bigger.slots;
	w->nslots = bigger.nslots;
	return 0;
}

static XXH128_hash_t hash_path(const struct writer *w, const char *path,
			       size_t len)
{
	return XXH3_128bits_withSeed(path, len, w->seed);
}

/* Notes the directory: its ordinal. */
static int add_dir(struct writer *w, const char *path, uint32_t number,
		   uint32_t *ret)
{
	struct slot *s;
	int r = 2 * w->ndirs >= w->nslots ? grow_slots(w) : 0;

	if (r)
		return r;
	s = find_slot(w, hash_path(w, path, path[1] ? strlen(path) : 0));
	s->path = hash_path(w, path, path[1] ? strlen(path) : 0);
	s->number = number;
	s->ordinal = (uint32_t)++w->ndirs;
	*ret = s->ordinal - 1;
	return 0;
}

static int add_key(struct writer *w, const char *path, const char *name,
		   size_t len)
{
	const struct slot *parent;

	if (w->nkeys == w->size) {
		size_t size = w->size ? w->size + w->size / 2 : 4096;
		struct key *grown = reallocarray(w->keys, size, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		w->keys = grown;
		w->size = size;
	}
	if (w->nkeys == UINT32_MAX)
		return -EFBIG;
	w->keys[w->nkeys] = (struct key){ .number = (uint32_t)w->nkeys,
					  .hash = tindex_hash(name, len) };
	if (w->nkeys) {
		parent = find_slot(w, hash_path(w, path,
						(size_t)(name - 1 - path)));
		if (!parent->ordinal)
			return -EBADMSG;
		w->keys[w->nkeys].parent = parent->number;
	}
	w->nkeys++;
	return 0;
}

unsigned int tindex_write_flags(const struct manifest_entry *e)
{
	unsigned int flags = e->nxattrs ? TINDEX_XATTRS : 0;

	for (size_t i = 0; i < e->nxattrs; i++)
		if (!strncmp(e->xattrs[i].name, LAYER_NS_TRUSTED,
			     strlen(LAYER_NS_TRUSTED)))
			flags |= TINDEX_MARKS;
	return flags;
}

/* What only the tree knows, and what both must agree on. */
static int set_stat(struct writer *w, const struct manifest_entry *e,
		    struct tindex_entry *out)
{
	struct stat st;

	if (fstatat(w->rootfd, e->path[1] ? e->path + 1 : ".", &st,
		    AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (st.st_mode != e->mode)
		return -EBADMSG;
	out->ino = htole64(st.st_ino);
	out->blocks = htole64((uint64_t)st.st_blocks);
	out->size = htole64(S_ISCHR(e->mode) || S_ISBLK(e->mode)
				    ? e->rdev
				    : (uint64_t)st.st_size);
	return 0;
}

static int add_string(struct writer *w, const char *s, size_t len,
		      uint32_t *ret)
{
	if (w->strings.size + len > UINT32_MAX)
		return -EFBIG;
	*ret = htole32((uint32_t)w->strings.size);
	return spool_add(&w->strings, s, len);
}

static int add_entry(struct writer *w, const struct manifest_entry *e)
{
	const char *name = strrchr(e->path, '/') + 1;
	size_t len = strlen(name);
	struct tindex_entry out = {
		.mtime_sec = (int64_t)htole64((uint64_t)e->mtime_sec),
		.mtime_nsec = htole32(e->mtime_nsec),
		.name_len = htole16((uint16_t)len),
		.flags = htole16((uint16_t)tindex_write_flags(e)),
		.mode = htole32(e->mode),
		.uid = htole32(e->uid),
		.gid = htole32(e->gid),
		.links = htole32(e->nlink),
	};
	int r = add_key(w, e->path, name, len);

	if (!r)
		r = set_stat(w, e, &out);
	if (!r)
		r = add_string(w, name, len, &out.name);
	out.hash = htole64(w->keys[w->nkeys - 1].hash);
	if (!r && S_ISLNK(e->mode) && !e->hardlink) {
		out.n = htole32((uint32_t)strlen(e->target));
		r = add_string(w, e->target, strlen(e->target), &out.first);
	} else if (!r && S_ISDIR(e->mode)) {
		r = add_dir(w, e->path, (uint32_t)w->nkeys - 1, &out.first);
	}
	return r ? r : spool_add(&w->entries, &out, sizeof(out));
}

static int read_manifest(struct writer *w, FILE *f)
{
	struct manifest_reader *reader = NULL;
	struct manifest_entry e;
	int r = manifest_reader_new(&reader, f);

	while (!r && (r = manifest_reader_next(reader, &e)) > 0) {
		r = add_entry(w, &e);
		if (r)
			failed(r, e.path);
		manifest_entry_release(&e);
		if (!r)
			r = stop_requested();
		if (r) {
			manifest_reader_free(reader);
			return r;
		}
	}
	manifest_reader_free(reader);
	if (!r && !w->nkeys)
		r = -EBADMSG;
	return r ? failed(r, "the manifest") : 0;
}

/* Names with one hash in the order of the manifest, which is theirs. */
static int compare(const void *pa, const void *pb)
{
	const struct key *a = pa, *b = pb;

	if (a->parent != b->parent)
		return a->parent < b->parent ? -1 : 1;
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return a->number < b->number ? -1 : 1;
}

/* Sorts, and tells the directories where what is in them will stand. */
static int arrange(struct writer *w, struct range **ret)
{
	struct range *ranges = calloc(w->ndirs, sizeof(*ranges));
	uint32_t *ordinals = calloc(w->nkeys, sizeof(*ordinals));

	if (!ranges || !ordinals) {
		free(ranges);
		free(ordinals);
		return failed(-ENOMEM, "sorting");
	}
	for (size_t i = 0; i < w->nslots; i++)
		if (w->slots[i].ordinal)
			ordinals[w->slots[i].number] =
				w->slots[i].ordinal - 1;
	/* The root, number 0, is its own parent and stays in front. */
	qsort(w->keys + 1, w->nkeys - 1, sizeof(*w->keys), compare);
	for (size_t i = 1; i < w->nkeys; i++) {
		struct range *in = &ranges[ordinals[w->keys[i].parent]];

		if (!in->n++)
			in->first = (uint32_t)i;
	}
	free(ordinals);
	*ret = ranges;
	return 0;
}

static int fetch(const struct writer *w, uint32_t number,
		 struct tindex_entry *ret)
{
	off_t offset = (off_t)number * (off_t)sizeof(*ret);
	ssize_t n = pread(w->entries.fd, ret, sizeof(*ret), offset);

	if (n < 0)
		return -errno;
	return n == sizeof(*ret) ? 0 : -EIO;
}

static int copy_entries(struct writer *w, const struct range *ranges,
			struct spool *out)
{
	struct tindex_entry e;
	int r = 0;

	for (size_t i = 0; i < w->nkeys && !r; i++) {
		r = fetch(w, w->keys[i].number, &e);
		if (!r && S_ISDIR(tindex_mode(&e))) {
			const struct range *in = &ranges[le32toh(e.first)];

			e.first = htole32(in->first);
			e.n = htole32(in->n);
		}
		if (!r)
			r = spool_add(out, &e, sizeof(e));
	}
	return r;
}

static int copy_strings(struct writer *w, struct spool *out)
{
	_cleanup_free char *buf = malloc(CHUNK);
	off_t offset = 0;
	ssize_t n;
	int r = buf ? 0 : -ENOMEM;

	while (!r && (n = pread(w->strings.fd, buf, CHUNK, offset))) {
		if (n < 0)
			return -errno;
		r = spool_add(out, buf, (size_t)n);
		offset += n;
	}
	return r;
}

static int write_header(const struct writer *w, struct spool *out)
{
	struct tindex_header h = {
		.magic = TINDEX_MAGIC,
		.version = htole32(TINDEX_VERSION),
		.entry_size = htole32(sizeof(struct tindex_entry)),
		.count = htole64(w->nkeys),
		.strings_size = htole64(w->strings.size),
	};
	struct timespec now;
	int r = tindex_bind(w->rootfd, &h);

	if (r)
		return r;
	clock_gettime(CLOCK_REALTIME, &now);
	h.made_sec = (int64_t)htole64((uint64_t)now.tv_sec);
	h.made_nsec = htole32((uint32_t)now.tv_nsec);
	return spool_add(out, &h, sizeof(h));
}

static int write_out(struct writer *w, const struct range *ranges, int fd)
{
	struct spool out = { .fd = fd };
	int r = spool_flush(&w->entries);

	if (!r)
		r = spool_flush(&w->strings);
	if (!r)
		r = write_header(w, &out);
	if (!r)
		r = copy_entries(w, ranges, &out);
	if (!r)
		r = copy_strings(w, &out);
	if (!r)
		r = spool_flush(&out);
	bytes_release(&out.chunk);
	return r ? failed(r, "writing") : 0;
}

/* A file without a name on the template's own file system, which has the
 * room; /tmp may be memory. */
static int open_spool(int dirfd, struct spool *ret)
{
	ret->fd = openat(dirfd, SPOOL, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
			 0600);
	if (ret->fd < 0 || unlinkat(dirfd, SPOOL, 0))
		return failed(-errno, "a temporary file");
	return 0;
}

static int write_index(struct writer *w, int dirfd, FILE *manifest)
{
	_cleanup_free struct range *ranges = NULL;
	_cleanup_fd int fd = -1;
	int r = open_spool(dirfd, &w->entries);

	if (!r)
		r = open_spool(dirfd, &w->strings);
	if (!r)
		r = read_manifest(w, manifest);
	if (!r)
		r = arrange(w, &ranges);
	if (r)
		return r;
	fd = openat(dirfd, TINDEX_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return failed(-errno, TINDEX_FILE);
	return write_out(w, ranges, fd);
}

static void release(struct writer *w)
{
	if (w->entries.fd >= 0)
		close(w->entries.fd);
	if (w->strings.fd >= 0)
		close(w->strings.fd);
	bytes_release(&w->entries.chunk);
	bytes_release(&w->strings.chunk);
	free(w->keys);
	free(w->slots);
}

static int open_manifest(int dirfd, FILE **ret)
{
	int fd = openat(dirfd, "manifest", O_RDONLY | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");

	if (!f) {
		int r = -errno;

		if (fd >= 0)
			close(fd);
		return failed(r, "the manifest");
	}
	*ret = f;
	return 0;
}

int tindex_write(int dirfd)
{
	struct writer w = { .entries.fd = -1, .strings.fd = -1 };
	_cleanup_fd int rootfd = openat(dirfd, "root",
					O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct tindex_header unused;
	FILE *manifest = NULL;
	int r;

	if (rootfd < 0)
		return failed(-errno, "root");
	r = tindex_bind(rootfd, &unused);
	if (r)
		return r == -EOPNOTSUPP ? 0 : failed(r, "root");
	w.rootfd = rootfd;
	if (getrandom(&w.seed, sizeof(w.seed), 0) != sizeof(w.seed))
		return failed(-errno, "a random number");
	r = open_manifest(dirfd, &manifest);
	if (r)
		return r;
	r = write_index(&w, dirfd, manifest);
	fclose(manifest);
	release(&w);
	return r;
}
