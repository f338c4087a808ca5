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
#include <linux/ioctl.h>
#include <stddef.h>

#ifndef FUSE_DIRECT_IO_ALLOW_MMAP
#define FUSE_DIRECT_IO_ALLOW_MMAP (1ULL << 36) /* 7.39 */
#endif
#ifndef FUSE_PASSTHROUGH
#define FUSE_PASSTHROUGH (1ULL << 37)	       /* 7.40 */
#define FOPEN_PASSTHROUGH (1 << 7)	       /* 7.40 */

struct fuse_backing_map {
	int32_t fd;
	uint32_t flags;
	uint64_t padding;
};
#define FUSE_DEV_IOC_BACKING_OPEN _IOW(229, 1, struct fuse_backing_map)
#define FUSE_DEV_IOC_BACKING_CLOSE _IOW(229, 2, uint32_t)
#endif
#ifndef FUSE_ALLOW_IDMAP
#define FUSE_ALLOW_IDMAP (1ULL << 40) /* 7.41 */
#endif

/* 7.42: requests by io_uring, one queue for each possible CPU. */
#ifndef FUSE_OVER_IO_URING
#define FUSE_OVER_IO_URING (1ULL << 41)

struct fuse_uring_ent_in_out {
	uint64_t flags;
	uint64_t commit_id; /* of the request, for its reply */
	uint32_t payload_sz;
	uint32_t padding;
	uint64_t reserved;
};

struct fuse_uring_req_header {
	char in_out[128]; /* struct fuse_in_header, struct fuse_out_header */
	char op_in[128];  /* the operation's own structure */
	struct fuse_uring_ent_in_out ring_ent_in_out;
};

enum fuse_uring_cmd {
	FUSE_IO_URING_CMD_REGISTER = 1,
	FUSE_IO_URING_CMD_COMMIT_AND_FETCH = 2,
};

/* In the second half of a submission. */
struct fuse_uring_cmd_req {
	uint64_t flags;
	uint64_t commit_id;
	uint16_t qid;
	uint8_t padding[6];
};
#endif

/* Where newer headers have max_stack_depth, and those of 7.38 nothing. */
#define KERNEL_INIT_STACK_DEPTH (offsetof(struct fuse_init_out, flags2) + 4)
/* Where they have backing_id, and those of 7.38 padding. */
#define KERNEL_OPEN_BACKING_ID (offsetof(struct fuse_open_out, open_flags) + 4)

/* Layouts that kernel.c rewrites. */
static_assert(sizeof(struct fuse_open_out) == 16, "FUSE protocol");
static_assert(offsetof(struct fuse_init_out, flags2) == 32, "FUSE protocol");
static_assert(sizeof(struct fuse_in_header) == 40, "FUSE protocol");
static_assert(sizeof(struct fuse_out_header) == 16, "FUSE protocol");
static_assert(sizeof(struct fuse_init_in) == 64, "FUSE protocol");
static_assert(sizeof(struct fuse_init_out) == 64, "FUSE protocol");
static_assert(sizeof(struct fuse_create_in) == 16, "FUSE protocol");
static_assert(sizeof(struct fuse_setxattr_in) == 16, "FUSE protocol");
static_assert(sizeof(struct fuse_uring_req_header) == 288, "FUSE protocol");
static_assert(sizeof(struct fuse_uring_cmd_req) == 24, "FUSE protocol");

#endif
