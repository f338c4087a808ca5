/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocol of a daemon's control socket: SOCK_SEQPACKET, one request, one
 * reply, then closed.  The socket's file is reachable by root alone.
 *
 * A request is struct control_request.  A reply is struct control_reply,
 * followed by `len` bytes of JSON (CONTROL_STATUS).  A request of another
 * version gets -EPROTO in `error`.
 */
#ifndef STENCIL_FS_CONTROL_PROTO_H
#define STENCIL_FS_CONTROL_PROTO_H

#include <assert.h>
#include <linux/types.h>

#define CONTROL_SOCKET "control"
#define CONTROL_VERSION 1
#define CONTROL_MAX 65536 /* of a whole reply */

enum control_command {
	CONTROL_STATUS = 1, /* counters and settings as one JSON object */
};

struct control_request {
	__le32 version;
	__le32 command;
	__le64 reserved;
};

struct control_reply {
	__le32 version;
	__le32 error; /* positive errno, or 0 */
	__le32 len;
	__le32 reserved;
};

static_assert(sizeof(struct control_request) == 16, "a protocol");
static_assert(sizeof(struct control_reply) == 16, "a protocol");

#endif
