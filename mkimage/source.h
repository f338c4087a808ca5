/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a template's content comes from: an iterator of items, each an entry
 * with a reader of its data.  A kind of source fills in struct source_ops: a
 * directory (source_dir.c), a tar archive (source_tar.c).
 *
 *	while ((r = source_next(s, &item)) > 0) {
 *		while (regular && (r = source_data(s, &block)) > 0)
 *			...
 *		source_item_release(&item);
 *	}
 *
 * Entries are struct manifest_entry without digests and nlink: the path is
 * absolute in the template and normalised, attributes are sorted, and none of
 * ours is among them.  Of a hard link only path and target are set; its target
 * came before.  A path may come again and then replaces what came before; a
 * directory's parents may be missing, or come later.
 *
 * Thread safety: a source belongs to one thread.  Ownership: the caller
 * releases items; a block is the source's and lives until the next call.
 * Errors: negative errno, logged where they happen, because only there is it
 * known which path and why.
 */
#ifndef STENCIL_MKIMAGE_SOURCE_H
#define STENCIL_MKIMAGE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/manifest.h"
#include "mkimage/memo.h"

struct platform;

enum source_kind {
	SOURCE_ENTRY,
	/* In layers (OCI): what the layers below have at entry.path goes, all
	 * of it; what this layer has there, before or after, stays. */
	SOURCE_WHITEOUT,
	/* The same for what is in the directory entry.path. */
	SOURCE_OPAQUE,
};

struct source_item {
	enum source_kind kind;
	uint32_t layer; /* 0, 1, ... from the bottom up; never falls */
	struct manifest_entry entry;
	/*
	 * Of a regular file, where the source can tell one state of a file
	 * from another.  With `known` the memo had this state: then entry has
	 * digests and `known_at` says where the pool has the file, unless
	 * source_data() must be asked after all.
	 */
	bool has_stamp, known;
	/* It has more names, here or elsewhere: it is not to take a file of the
	 * pool that another, with this name alone, could have. */
	bool has_names;
	struct memo_stamp stamp;
	struct memo_place known_at;
};

void source_item_release(struct source_item *i);

/* A piece of a file.  What lies between two blocks, or behind the last, is a
 * hole: zeros. */
struct source_block {
	const void *data;
	size_t len;
	uint64_t offset; /* never less than the end of the block before */
};

struct source;

struct source_ops {
	int (*next)(struct source *s, struct source_item *ret);
	int (*data)(struct source *s, struct source_block *ret);
	void (*close)(struct source *s);
};

/* Common to all kinds; each embeds it. */
struct source {
	const struct source_ops *ops;
	char *name;	       /* kind:path, for info.json */
	unsigned long dropped; /* attributes of ours that were left out */
	uint64_t left;	       /* bytes of data that may still come */
	struct bytes config;   /* of an image: its configuration, raw JSON */
	/* For progress: the one file that all is read from, by its offset. */
	bool has_input;
	int input_fd;
	/* The regular file that was returned last: */
	char *path;
	uint64_t size, end; /* all of it, and what source_data() gave */
};

/* A directory that is not to be read, as if it were a mount point: the store,
 * in case it lies within the source. */
struct source_skip {
	dev_t dev;
	ino_t ino;
};

struct source_options {
	struct source_skip skip;
	uint64_t max_size; /* of data: more is -EFBIG */
	struct memo *memo; /* NULL: everything is read */
	/* Of an image: NULL for this machine's, where there is a choice. */
	const struct platform *platform;
	int storefd; /* for a file without a name, where one is needed */
};

/* A directory or a tar archive; "-" is an archive on standard input,
 * oci:DIR[:REF] and docker-archive:FILE[:REF] are images. */
int source_open(const char *path, const struct source_options *options,
		struct source **ret);

/* Is it of the form of an image's? */
bool source_is_image(const char *path);

/* NULL is allowed. */
void source_close(struct source *s);

/* 1 with the next item, 0 at the end. */
int source_next(struct source *s, struct source_item *ret);

/* 1 with the next block of the regular file that source_next() returned last,
 * 0 at the file's end.  Not reading (to the end) is allowed.  Whatever the kind
 * reads, blocks ascend and lie within the entry's size: else -EBADMSG. */
int source_data(struct source *s, struct source_block *ret);

/* For the kinds. */
int source_dir_open(const char *path, const struct source_options *options,
		    struct source **ret);
int source_tar_open(const char *path, struct source **ret);
int source_oci_open(const char *path, const struct source_options *options,
		    struct source **ret);

int source_docker_open(const char *path, const struct source_options *options,
		       struct source **ret);

/*
 * Splits PATH[:REF]: a PATH that exists may hold colons, and the shortest that
 * does is meant.  *ret_ref points into the text, or is NULL.  -ENOENT.
 */
int source_split(const char *text, char **ret_path, const char **ret_ref);

/*
 * Adds an attribute to an entry, unless the name is there already, or is one
 * of ours, which is counted.  The value is copied.  -E2BIG for what no file
 * can have on Linux: a long name, a large value, too many names.
 */
int source_add_xattr(struct source *s, struct manifest_entry *e,
		     const char *name, const void *value, size_t len);
/* To be called when all are added. */
void source_sort_xattrs(struct manifest_entry *e);

/*
 * A name from outside as an absolute, normalised path: "./a//b/" is "/a/b".
 * -EINVAL with a ".." in it or an empty name, -ENAMETOOLONG from PATH_MAX on.
 */
int source_path(const char *name, char **ret);

#endif
