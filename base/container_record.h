/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON files of a container, container.json and mount.json, of which
 * base/container.c knows where they lie and when they count.  For that file,
 * and for cli/mounts.c, which asks what a killed daemon has left: everybody
 * else uses base/store.h.
 *
 * Thread safety: no state.  Ownership: as in base/store.h.  Errors: negative
 * errno; -EBADMSG for a damaged record, -EPROTO for one of a newer version.
 */
#ifndef STENCIL_BASE_CONTAINER_RECORD_H
#define STENCIL_BASE_CONTAINER_RECORD_H

#include <stdint.h>

#include "base/store.h"

#define CONTAINER_FILE "container.json"
#define CONTAINER_MOUNT_FILE "mount.json"

/* `dirfd` is containers/ID throughout; writing replaces atomically. */
int container_record_write(int dirfd, const char *id,
			   const struct template_stack *stack,
			   int64_t created);
/* -EBADMSG also when the record is another container's, or absent. */
int container_record_read(int dirfd, const char *id, struct container *ret);

int container_record_write_mount(int dirfd, const struct container_mount *m);
/* -ENOENT when absent. */
int container_record_read_mount(int dirfd, struct container_mount *ret);

#endif
