/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a mount is made of: the options' layers, templates and container as
 * directories, and the container's lock.
 *
 * Thread safety: main thread only.  Ownership: mount_source_release() frees and
 * unlocks; it takes what mount_source_resolve() has zeroed or filled.  Errors:
 * negative errno, logged in one line.
 */
#ifndef STENCIL_FS_MOUNT_SOURCE_H
#define STENCIL_FS_MOUNT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

struct options;
struct container;
struct template_stack;

struct mount_source {
	const struct options *o;
	char **lowers; /* absolute paths without symlinks, top first */
	size_t nlowers;
	int *clones;   /* mounts that some of the paths lead into */
	size_t nclones;
	char *upper, *work; /* the same, or NULL: read-only */
	bool templates;
	char *store;   /* NULL: neither template nor container */
	const char *container; /* its id, or NULL */
	int storefd;   /* O_PATH, or -1 */
	int lockfd;    /* the container is ours while it is open; or -1 */
};

/* Makes the option's paths absolute, as long as the caller's working directory
 * and descriptors (/proc/self/fd/N) are there.  `o` must outlive the source. */
int mount_source_resolve(const struct options *o, struct mount_source *ret);

/* Opens the store; makes the container if it does not exist; locks it; adds
 * the templates' trees and the private area to the layers. */
int mount_source_open(struct mount_source *s);

/*
 * Refuses a mount point inside the private area or a template.  A lower
 * directory may hold it (lowerdir=/), but the daemon's own steps must not come
 * back to the new mount: that layer's path then leads into a private clone of
 * the mount it lies on, without what is mounted below.
 */
int mount_source_check(struct mount_source *s, const char *mountpoint);

/* Unlocks the container: the last thing that a daemon does. */
void mount_source_release(struct mount_source *s);

#endif
