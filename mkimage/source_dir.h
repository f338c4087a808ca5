/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between source_dir.c, which walks the tree, and source_dir_file.c, which
 * reads what it finds there.
 *
 * Thread safety, ownership: as the source's.  Errors: negative errno, logged.
 */
#ifndef STENCIL_MKIMAGE_SOURCE_DIR_H
#define STENCIL_MKIMAGE_SOURCE_DIR_H

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/table.h"
#include "mkimage/source.h"
#include "mkimage/source_names.h"

#define SOURCE_DIR_BLOCK (1 << 20)
#define SOURCE_DIR_VALUE 65536 /* the most that the kernel allows */

/* A directory on the way down. */
struct source_dir_frame {
	struct source_names names;
	size_t path_len; /* of its own path in source_dir.path */
};

/* An entry as it was met.  The name lives as long as the entry is in work. */
struct source_dir_seen {
	int dirfd;
	const char *name;
	const char *path; /* the entry's */
	struct memo_time at;
	struct statx stx;
};

struct source_dir {
	struct source source;
	struct source_skip skip;
	struct source_dir_frame *frames;
	size_t nframes, size;
	struct bytes path; /* of the frame in work; "" is the root */
	struct statx root;
	bool started;
	struct table links;
	struct memo *memo; /* NULL: nothing is looked up */
	bool stamps;	   /* this file system's times tell */
	uint64_t fs;	   /* memo_fs() then */
	/* The regular file whose data may be asked for. */
	struct source_dir_seen file;
	struct bytes file_path;
	int fd;	       /* -1 until it is opened */
	bool no_holes; /* as its block count says */
	uint64_t pos;
	char *block; /* of SOURCE_DIR_BLOCK bytes */
	char *value; /* of SOURCE_DIR_VALUE bytes: attributes */
};

/* `name` in the directory, or what dirfd is when name is "". */
int source_dir_stat(int dirfd, const char *name, struct statx *ret);

/* Also in directories the one way to open what was seen: O_NOFOLLOW, and with
 * no trace where that is allowed. */
int source_dir_open_quietly(int dirfd, const char *name, int flags);

/* Of `name` in the directory fd, or of what fd is when name is NULL. */
int source_dir_xattrs(struct source_dir *d, struct manifest_entry *e, int fd,
		      const char *name);

/* A regular file: asks the memo, else opens it. */
int source_dir_take_file(struct source_dir *d,
			 const struct source_dir_seen *seen,
			 struct source_item *item);
/* Ends the reading of the file before. */
void source_dir_close_file(struct source_dir *d);
/* source_ops.data */
int source_dir_data(struct source *s, struct source_block *ret);

bool source_dir_same_inode(const struct statx *a, const struct statx *b);
int source_dir_failed(int r, const char *path);
int source_dir_changed(const char *path);

static inline struct source_dir *source_dir_from(struct source *s)
{
	return (struct source_dir *)((char *)s -
				     offsetof(struct source_dir, source));
}

static inline dev_t source_dir_device(const struct statx *stx)
{
	return makedev(stx->stx_dev_major, stx->stx_dev_minor);
}

#endif
