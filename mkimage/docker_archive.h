/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The members of a tar archive that docker save wrote, in any order: their
 * places are noted once, and each is read from there.  An archive that is
 * packed, or comes from a pipe, is unpacked into a file without a name first.
 * Members that are links (one layer of two images) lead to other members.
 *
 * Thread safety: one thread.  Ownership: docker_archive_release() frees, when
 * no stream of a member is left.  Errors: negative errno, logged.
 */
#ifndef STENCIL_MKIMAGE_DOCKER_ARCHIVE_H
#define STENCIL_MKIMAGE_DOCKER_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "mkimage/stream.h"

struct docker_member;

struct docker_archive {
	char *path; /* absolute; NULL when there is nothing to release */
	int fd;
	struct docker_member *members;
	size_t n;
};

struct source_options;

/* `path` is copied. */
int docker_archive_init(struct docker_archive *a, const char *path,
			const struct source_options *options);
void docker_archive_release(struct docker_archive *a);

/*
 * A member's bytes as a stream, by a name that the archive itself says; all
 * that the name and the archive's links lead to is other members.  A name that
 * is a digest (blobs/ALG/HEX, HEX.json) is verified.
 */
int docker_archive_open(const struct docker_archive *a, const char *name,
			struct stream **ret);

/* All of one that is JSON. */
int docker_archive_read(const struct docker_archive *a, const char *name,
			struct bytes *ret);

/* The digest that a member's name says: -EINVAL if none, not logged. */
struct blob_digest;
int docker_archive_digest(const char *name, struct blob_digest *ret);

#endif
