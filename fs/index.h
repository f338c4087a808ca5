/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hard links across a break, in overlayfs's index format: when a file with
 * several names in a template is broken, its private inode also gets a name in
 * work/index, made of the file handle of the layer's inode.  The names that
 * are not in the private area find it there, so the file stays one file.
 *
 * The link count of such a file is kept in an attribute, relative to the
 * private inode's own count ("U+n") or to the template's ("L+n"): before an
 * operation it is stored relative to what the operation does not change, so
 * that a crash leaves it true.
 *
 * Thread safety: all functions; index_set_nlink() under the node's busy lock.
 * Ownership: strings returned are the caller's.  Errors: negative errno.
 */
#ifndef STENCIL_FS_INDEX_H
#define STENCIL_FS_INDEX_H

#include "fs/marks.h"
#include "fs/node.h"

/* The file handle of a layer's file as overlayfs stores it.  -EOPNOTSUPP. */
int index_handle(struct fs *fs, struct lower *l,
		 unsigned char buf[static LAYER_HANDLE_MAX], unsigned *ret_len);

/* The name in the index of the layer's file.  Where the file system has no
 * handles, a name made of its numbers. */
int index_name(struct fs *fs, struct lower *l, char **ret);
char *index_name_of_handle(const unsigned char *handle, unsigned len);

/* The private inode that the index holds for this name.  -ENOENT. */
int index_stat(struct fs *fs, const char *name, struct stat *ret);

/* The file that an origin names, if a layer still has it: its stat (st_nlink
 * counts the names in that layer alone) and layer.
 * Needs CAP_DAC_READ_SEARCH.  -ESTALE, -EPERM, -EOPNOTSUPP. */
int index_origin(struct fs *fs, const struct marks *m, struct stat *ret,
		 struct layer **ret_layer);

/* The names that an indexed file has in the container. */
int index_nlink(struct fs *fs, struct node *n, const struct stat *upper,
		uint32_t *ret);

enum index_base { INDEX_BY_UPPER, INDEX_BY_LOWER };

/* Stores the present count relative to `base`. */
int index_set_nlink(struct fs *fs, struct node *n, enum index_base base);

/* Takes the file out of the index if no name is left.  Busy lock held.  The
 * name that went cannot come back: a failure leaves it to the next mount. */
void index_drop_unused(struct fs *fs, struct node *n);

/* Removes entries whose last name is gone, after a crash. */
int index_clean(struct fs *fs);

#endif
