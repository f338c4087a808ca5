/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files, the safe way: descriptor-relative, nothing follows a link, short
 * transfers are completed, what is not supported is told apart from failure.
 *
 * Thread safety: no state.  Ownership: descriptors passed in stay the
 * caller's.  Errors: negative errno.
 */
#ifndef STENCIL_BASE_FILEIO_H
#define STENCIL_BASE_FILEIO_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/bytes.h"

/* Complete transfers; EINTR is retried.  write_all: -errno, or 0. */
int fileio_write_all(int fd, const void *data, size_t len);
/* Reads until len bytes or end of file: the count, or -errno. */
ssize_t fileio_read_full(int fd, void *buf, size_t len);

/* The whole file, at most `max` bytes (-EFBIG beyond).  Replaces what ret
 * held, and leaves it on failure.  -ELOOP for a symlink. */
int fileio_read_file(int dirfd, const char *path, size_t max,
		     struct bytes *ret);

/* Replaces `name` in the directory by a new file with this content and mode
 * (whatever the umask is): written aside as .tmp-XXXX, fsynced, renamed,
 * directory fsynced. */
int fileio_write_file(int dirfd, const char *name, const void *data,
		      size_t len, mode_t mode);

/* The directory `name` for readdir(3), "." for the one behind dirfd. */
int fileio_opendir(int dirfd, const char *name, DIR **ret);
/* The same for an open descriptor, which is owned in any case; a negative one
 * is returned as the error that it is. */
int fileio_fdopendir(int fd, DIR **ret);

/* "." or "..", which every directory lists. */
static inline bool fileio_is_dots(const char *name)
{
	return name[0] == '.' &&
	       (!name[1] || (name[1] == '.' && !name[2]));
}

/* Makes `path` and its missing parents (an existing directory is fine).  The
 * exception to the rule above: a path that an operator names may lead through
 * links. */
int fileio_mkdirs(const char *path, mode_t mode);

/*
 * Removes `name` (no slash) in the directory with all it holds, never
 * following a link and never entering a mount: -EXDEV if `name` is one, or
 * -EXDEV or -EBUSY when one is met.  Depth is limited by memory alone, and few
 * descriptors are open at a time.  -ENOENT when absent; -ESTALE if others move
 * directories of the tree meanwhile.  After an error a part is left.
 */
int fileio_remove_tree(int dirfd, const char *name);

/*
 * The path by which l*xattr(2) and friends reach `name` in the directory (or
 * the object behind fd itself when name is NULL) without following a link
 * there.  `name` has no slash.
 */
#define FILEIO_PROC_PATH 320
void fileio_proc_path(char buf[static FILEIO_PROC_PATH], int fd,
		      const char *name);

/* Value of an attribute in `buf`: its length, or -ENODATA, -ERANGE, ... */
ssize_t fileio_getxattr(int dirfd, const char *name, const char *attr,
			void *buf, size_t size);
int fileio_setxattr(int dirfd, const char *name, const char *attr,
		    const void *value, size_t size, int flags);
/* -ENODATA when absent. */
int fileio_removexattr(int dirfd, const char *name, const char *attr);
/* All names, NUL-separated, in ret (any size), in place of what it held.
 * -EOPNOTSUPP where there are none to have. */
int fileio_listxattr(int dirfd, const char *name, struct bytes *ret);

enum fileio_copied { FILEIO_REFLINKED = 1, FILEIO_COPIED = 0 };

/*
 * Copies [0, size) of `from` to the empty regular file `to`: a reflink where
 * the file system can, else data extents only, so that holes stay holes.  The
 * size of `to` is `size` then, whatever from's is: cut, or a hole at the end.
 * Moves from's file offset, which only read(2) and write(2) heed.  Returns
 * enum fileio_copied or -errno; *ret_bytes gets the bytes that were copied (0
 * for a reflink), also on error.
 */
int fileio_copy_data(int from, int to, off_t size, off_t *ret_bytes);

#endif
