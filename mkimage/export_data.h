/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The data of one file of a template on its way into an archive: where it has
 * zeros enough to be called a hole, and whether it is what the manifest says.
 *
 * Where holes are is decided by the content, not asked of the file system,
 * which may answer differently for the same template on another machine.
 *
 * Thread safety: one thread.  Ownership: export_data_new() and _free() make a
 * reader for many files, of which one is open at a time.  Errors: negative
 * errno; -EBADMSG for a file that is not what the manifest says.
 */
#ifndef STENCIL_MKIMAGE_EXPORT_DATA_H
#define STENCIL_MKIMAGE_EXPORT_DATA_H

#include <stdbool.h>

struct archive;
struct archive_entry;
struct export_data;
struct manifest_entry;
struct progress;

int export_data_new(struct export_data **ret, int rootfd, struct progress *p);
/* NULL is allowed. */
void export_data_free(struct export_data *d);

/* Opens the file of the entry, in place of the one before. */
int export_data_open(struct export_data *d, const struct manifest_entry *e);

/* Tells the archive's entry where there is data, unless that is everywhere. */
void export_data_describe(struct export_data *d, struct archive_entry *ae);

/* Writes the data, for the header that was written last.  *ret_archive is set
 * if it is libarchive that failed, and has the reason. */
int export_data_write(struct export_data *d, struct archive *a,
		      bool *ret_archive);

#endif
