/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A large file that appears under its name when it is complete: written aside
 * in the same directory, fsynced, renamed.
 *
 * Thread safety: one thread.  Ownership: the directory's descriptor stays the
 * caller's; export_file_free() removes what was not committed.  Errors:
 * negative errno; nothing is logged.
 */
#ifndef STENCIL_MKIMAGE_EXPORT_FILE_H
#define STENCIL_MKIMAGE_EXPORT_FILE_H

#include <sys/types.h>

struct export_file;

int export_file_new(struct export_file **ret, int dirfd, mode_t mode);
/* NULL is allowed. */
void export_file_free(struct export_file *f);

int export_file_fd(const struct export_file *f);

/* Replaces what has the name; on disk when it returns. */
int export_file_commit(struct export_file *f, const char *name);

#endif
