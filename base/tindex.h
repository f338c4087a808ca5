/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A template's index: the names and attributes of its tree in one file that
 * mounts map and share, so that a cold look-up or a listing needs no system
 * call.  mkstencil writes it beside root/ when a version is built; it says
 * nothing that the tree does not, and without it everything works the same.
 *
 *	struct tindex_header
 *	struct tindex_entry[count]	[0] is the root
 *	strings				names and link targets, no NULs
 *
 * The entries of one directory are neighbours, in the order of (hash, name);
 * hash is XXH3_64bits of the name.  All numbers are little-endian.
 *
 * It is bound to the very tree that it was made of: to the file system and to
 * the root's inode and birth.  A copy of a store has other inode numbers, and
 * its indexes are refused.
 *
 * Thread safety: an open index does not change.  Ownership: tindex_close()
 * unmaps; entries and strings live as long.  Errors: negative errno; -EBADMSG
 * for a damaged index, -EPROTO for one of a newer version, -ESTALE for that of
 * another tree, -EOPNOTSUPP where a tree cannot be told from a copy of it.
 */
#ifndef STENCIL_BASE_TINDEX_H
#define STENCIL_BASE_TINDEX_H

#include <assert.h>
#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#define TINDEX_FILE "index"
#define TINDEX_MAGIC "stnindex"
#define TINDEX_VERSION 1

struct tindex_header {
	char magic[8];
	uint32_t version;
	uint32_t entry_size;
	uint64_t count;
	uint64_t strings_size;
	/* What it is bound to. */
	uint64_t fsid;
	uint64_t root_ino;
	int64_t root_btime_sec;
	uint32_t root_btime_nsec;
	uint32_t made_nsec;
	/* When it was made: st_ctime and st_atime of all entries. */
	int64_t made_sec;
	uint8_t reserved[56];
};
static_assert(sizeof(struct tindex_header) == 128, "on disk");

enum tindex_flags {
	TINDEX_XATTRS = 1, /* has attributes that a container may see */
	TINDEX_MARKS = 2,  /* has trusted.overlay.*: look at the inode itself */
};

struct tindex_entry {
	uint64_t hash;
	uint64_t ino;
	uint64_t size;	  /* st_size; of a device st_rdev */
	uint64_t blocks;  /* of 512 bytes */
	int64_t mtime_sec;
	uint32_t mtime_nsec;
	uint32_t name;	  /* offset in strings */
	uint16_t name_len;
	uint16_t flags;	  /* enum tindex_flags */
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	uint32_t links;	  /* names in the template; of a directory st_nlink */
	uint32_t first;	  /* directory: its first entry; symlink: offset of the
			     target in strings */
	uint32_t n;	  /* entries; length of the target */
	uint32_t reserved;
};
static_assert(sizeof(struct tindex_entry) == 80, "on disk");

struct tindex;

/* The index of the tree `rootfd` (O_PATH will do), in the directory above. */
int tindex_open(int rootfd, struct tindex **ret);
/* NULL is allowed. */
void tindex_close(struct tindex *t);

/* The file system and the root, as the header says them. */
int tindex_bind(int rootfd, struct tindex_header *ret);

const struct tindex_entry *tindex_root(const struct tindex *t);

uint64_t tindex_hash(const char *name, size_t len);

/* The entry of `name` in the directory.  -ENOENT, -EBADMSG. */
int tindex_find(const struct tindex *t, const struct tindex_entry *dir,
		const char *name, const struct tindex_entry **ret);

/* The directory's entries: their number, or -EBADMSG. */
int tindex_entries(const struct tindex *t, const struct tindex_entry *dir,
		   const struct tindex_entry **ret);

/* Not NUL-terminated; the length, or -EBADMSG. */
int tindex_name(const struct tindex *t, const struct tindex_entry *e,
		const char **ret);
int tindex_target(const struct tindex *t, const struct tindex_entry *e,
		  const char **ret);

/* As stat(2) would say it, but st_nlink counts the names in the template, and
 * st_ctime and st_atime are when the index was made.  st_dev is `dev`. */
void tindex_stat(const struct tindex *t, const struct tindex_entry *e,
		 dev_t dev, struct stat *ret);

static inline mode_t tindex_mode(const struct tindex_entry *e)
{
	return le32toh(e->mode);
}

static inline unsigned int tindex_flags(const struct tindex_entry *e)
{
	return le16toh(e->flags);
}

#endif
