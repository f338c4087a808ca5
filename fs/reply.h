/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place where negative errnos become FUSE replies.
 *
 * Thread safety: all.  A request is replied to exactly once.
 */
#ifndef STENCIL_FS_REPLY_H
#define STENCIL_FS_REPLY_H

#include <fuse_lowlevel.h>

#include "fs/fs_types.h"

/* 0 or a negative errno. */
static inline void reply_status(fuse_req_t req, int err)
{
	fuse_reply_err(req, -err);
}

static inline struct fs *reply_fs(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

#endif
