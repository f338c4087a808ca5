/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overlayfs's and our attributes on files of layers: read in one go, written
 * one by one.  The only place that knows under which prefix they stand
 * (trusted., or user. when unprivileged) and how names that a container uses
 * are kept apart from them.
 *
 * Thread safety: no state.  Ownership: marks_release().  Errors: negative
 * errno; -EPERM for a name that containers may not use.
 */
#ifndef STENCIL_FS_MARKS_H
#define STENCIL_FS_MARKS_H

#include "fs/layers.h"

struct marks {
	bool opaque;	 /* hides what is below */
	bool xwhiteouts; /* holds whiteouts that are attributes */
	bool metacopy, impure, rdev00, xwhiteout;
	bool has_ino, has_nlink;
	bool nlink_lower; /* nlink is relative to the template's count */
	char *redirect;	  /* or NULL */
	uint64_t ino;
	int32_t nlink;
	uint32_t links; /* of a template's hard-link group, else 0 */
	unsigned char origin[LAYER_HANDLE_MAX];
	unsigned origin_len; /* 0: none */
};

enum marks_dialect {
	MARKS_PRIVATE, /* the private area: the mount's own prefix only */
	MARKS_TEMPLATE, /* trusted. only */
	MARKS_FOREIGN,	/* all prefixes, fuse-overlayfs's included */
};

/* Reads all marks of an object. */
int marks_read(struct fs *fs, int dirfd, const char *name,
	       enum marks_dialect d, struct marks *ret);
void marks_release(struct marks *m);
#define _cleanup_marks __attribute__((cleanup(marks_release)))

/* Writes or removes (value NULL) the overlayfs mark `mark`. */
int marks_set(struct fs *fs, int dirfd, const char *name, const char *mark,
	      const void *value, size_t len);
int marks_remove(struct fs *fs, int dirfd, const char *name, const char *mark);

/* The st_ino that the object is to be reported with. */
int marks_set_ino(struct fs *fs, int dirfd, const char *name, uint64_t ino);
int marks_set_rdev00(struct fs *fs, int dirfd, const char *name);

/* Names of attributes as a container says them, as the layers store them. */
#define MARKS_NAME_MAX 320
/* -EPERM for what containers may not touch, -ERANGE for too long a name. */
int marks_encode(const struct fs *fs, const char *name,
		 char out[static MARKS_NAME_MAX]);
/* Name to show for a stored one: NULL if it is hidden; points into `stored`
 * or into out. */
const char *marks_decode(const struct fs *fs, const char *stored,
			 char out[static MARKS_NAME_MAX]);

/* Is the attribute of a layer one that a break carries over?  In a foreign
 * layer more names are marks than in the private area. */
bool marks_carried(const struct fs *fs, const char *stored, bool foreign);

/* Is the name a mark in a foreign layer, whatever it is in the private area? */
bool marks_foreign(const char *name);

#endif
