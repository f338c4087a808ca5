/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removing a version, or what a build left of one, and its part of the pool.
 *
 * Thread safety: no state; the caller holds the directory's lock (stage.h).
 * Errors: negative errno.
 */
#ifndef STENCIL_MKIMAGE_DISCARD_H
#define STENCIL_MKIMAGE_DISCARD_H

/* *ret_bytes gets what the pool gave back. */
int discard_version(int storefd, int templatesfd, const char *name,
		    unsigned long long *ret_bytes);

/* The bytes that nothing but this version, or rest of one, holds; dirfd is its
 * directory. */
int discard_measure(int dirfd, unsigned long long *ret_bytes);

#endif
