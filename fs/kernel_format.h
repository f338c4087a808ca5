/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Constants of the FUSE protocol that Debian 12's <linux/fuse.h> (7.38) lacks.
 *
 * Source: Linux 6.18, include/uapi/linux/fuse.h (7.45), where each name below
 * is found; bits from 32 on travel in the flags2 fields of INIT.
 */
#ifndef STENCIL_FS_KERNEL_FORMAT_H
#define STENCIL_FS_KERNEL_FORMAT_H

#include <assert.h>
#include <linux/fuse.h>

#ifndef FUSE_DIRECT_IO_ALLOW_MMAP
#define FUSE_DIRECT_IO_ALLOW_MMAP (1ULL << 36) /* 7.39 */
#endif
#ifndef FUSE_ALLOW_IDMAP
#define FUSE_ALLOW_IDMAP (1ULL << 40) /* 7.41 */
#endif

/* Layouts that kernel.c rewrites. */
static_assert(sizeof(struct fuse_in_header) == 40, "FUSE protocol");
static_assert(sizeof(struct fuse_out_header) == 16, "FUSE protocol");
static_assert(sizeof(struct fuse_init_in) == 64, "FUSE protocol");
static_assert(sizeof(struct fuse_init_out) == 64, "FUSE protocol");
static_assert(sizeof(struct fuse_create_in) == 16, "FUSE protocol");
static_assert(sizeof(struct fuse_setxattr_in) == 16, "FUSE protocol");

#endif
