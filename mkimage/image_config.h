/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration of the image that a template was made of: the image's own
 * JSON, byte for byte, as templates/NAME/VERSION/config.json.  It is beside the
 * content and not part of it: the version does not depend on it, and a later
 * build that gives the same version from an image replaces it.
 *
 * `dirfd` is the directory of a version, or a stage's before it is committed
 * (stage_fd()).
 *
 * Thread safety: no state; a file is replaced as a whole.  Ownership: what ret_
 * parameters return is the caller's.  Errors: negative errno, not logged.
 */
#ifndef STENCIL_MKIMAGE_IMAGE_CONFIG_H
#define STENCIL_MKIMAGE_IMAGE_CONFIG_H

#include <stddef.h>

#include <jansson.h>

#include "base/bytes.h"

/* A larger one is no configuration. */
#define IMAGE_CONFIG_MAX (4 << 20)

/* -ENOENT when the template has none.  Replaces what ret held. */
int image_config_read(int dirfd, struct bytes *ret);

/* In place of the one that is there, durable. */
int image_config_write(int dirfd, const void *data, size_t len);

/* Moves the one of a stage, if it has one, to a version that exists; durable.
 * To be called under the lock of templates/ (stage_lock()), or a removal could
 * take the version away meanwhile. */
int image_config_move(int fromfd, int tofd);

/* As JSON: an object, or -EBADMSG.  The caller drops the reference. */
int image_config_parse(const struct bytes *text, json_t **ret);

/*
 * What it says of a process, for `show`: a new object with those of Cmd,
 * Entrypoint, Env, User, WorkingDir and Labels that are set; NULL without
 * memory.
 */
json_t *image_config_process(const json_t *config);

#endif
