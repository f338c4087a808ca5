/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking a container's daemon over its control socket (fs/control_proto.h).
 *
 * Thread safety: none needed.  Errors: negative errno; -ENOENT or
 * -ECONNREFUSED when no daemon listens, -EPROTO for one of another version,
 * -EAGAIN when it does not answer in time.
 */
#ifndef STENCIL_CLI_CONTROL_H
#define STENCIL_CLI_CONTROL_H

#include <jansson.h>

/* The daemon's counters and settings; the caller's reference. */
int control_status(int storefd, const char *id, json_t **ret);

#endif
