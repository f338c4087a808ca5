/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where things lie in a store, what a template is called, and the record that
 * each container keeps.
 *
 *	STORE/pool/ab/cdef...			template files by SHA-1
 *	STORE/templates/NAME/VERSION/root/	a template's tree
 *	STORE/templates/NAME/VERSION/manifest	base/manifest.h
 *	STORE/templates/NAME/VERSION/info.json	source, time, totals
 *	STORE/templates/NAME/current		symlink to VERSION
 *	STORE/containers/ID/private/		the private area
 *	STORE/containers/ID/work/		overlayfs's work directory
 *	STORE/containers/ID/container.json	struct container
 *	STORE/containers/ID/lock		flock: exclusive while mounted
 *	STORE/containers/ID/mount.json		struct container_mount
 *	STORE/containers/ID/control		socket, fs/control_proto.h
 *	STORE/containers/.tmp-X .rm-X		being made, being removed
 *
 * Thread safety: no state.  Ownership: what ret_ parameters return is the
 * caller's, released by the *_release function named beside the type.
 * Errors: negative errno; -EINVAL for a bad name, -ENOENT for what is absent,
 * -EEXIST for what is there already, -EBUSY for what is in use, -EBADMSG for
 * a damaged record, -EPROTO for a record of a newer version.
 */
#ifndef STENCIL_BASE_STORE_H
#define STENCIL_BASE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define STORE_DEFAULT "/var/lib/stencil"
#define STORE_ENV "STENCIL_STORE"
#define STORE_NAME_MAX 128
#define STORE_VERSION_HEX 64	/* a version: SHA-256 of the manifest, hex */
#define STORE_VERSION_MIN 6	/* shortest prefix accepted in a reference */

/* `option` if not NULL, else $STENCIL_STORE, else the default. */
const char *store_path(const char *option);

/* The store's directory, O_PATH, made with its subdirectories (mode 0700 for
 * what containers must not reach) when `create`. */
int store_open(const char *path, bool create);

/*
 * A name of a template or container: letters, digits, '.', '_' and '-' (a
 * template's also '/', for names as registries use; on disk '/' is '%'), no
 * part between slashes empty or starting with '.' or '-', at most
 * STORE_NAME_MAX bytes.
 */
bool store_container_name_ok(const char *id);
bool store_template_name_ok(const char *name);

/* A whole version: STORE_VERSION_HEX lower-case digits. */
bool store_version_ok(const char *version);

/* One template of a stack. */
struct template_ref {
	char *name;
	char *version; /* all STORE_VERSION_HEX digits once resolved */
};

/* A stack as written on command lines, base first: NAME[@VERSION][:NAME...]. */
struct template_stack {
	struct template_ref *refs;
	size_t n;
};

void template_stack_release(struct template_stack *s);

/* -EINVAL for a malformed reference. */
int template_stack_parse(const char *text, struct template_stack *ret);

/* Replaces absent versions by `current`, prefixes by the whole version.
 * -ENOENT, -ENOTUNIQ, -EBADMSG; *ret_missing, if not NULL, then names the
 * index.  The stack is changed as a whole or not at all. */
int template_stack_resolve(int storefd, struct template_stack *s,
			   size_t *ret_missing);

/* "templates/NAME/VERSION" relative to the store; NULL without memory. */
char *template_path(const char *name, const char *version);

/* What containers/ID/container.json holds. */
struct container {
	char *id;
	struct template_stack stack; /* resolved, base first */
	int64_t created;	     /* seconds since the epoch */
};

void container_release(struct container *c);

/* Makes containers/ID with its directories and record, complete or not at
 * all.  The stack must be resolved; -ENOENT if its uppermost template is not
 * there.  The private area, which in an overlay stands for the root, starts
 * with the owner, mode, times and attributes of that template's root. */
int container_create(int storefd, const char *id,
		     const struct template_stack *stack);
int container_read(int storefd, const char *id, struct container *ret);
/* -EBUSY while mounted.  After any other error but -ENOENT the container may
 * be gone by name, and a next call removes the rest. */
int container_remove(int storefd, const char *id);
/* Sorted ids, NULL-terminated, freed with store_strv_free(). */
int container_list(int storefd, char ***ret);
void store_strv_free(char **v);

/* Removes what killed processes have left of containers that were being made
 * or removed, or with `keep` only looks; fn is told the name of each. */
int container_sweep(int storefd, bool keep,
		    void (*fn)(void *arg, const char *name), void *arg);

/* containers/ID, O_PATH|O_DIRECTORY. */
int container_open(int storefd, const char *id);

/* Takes the mount lock: the descriptor that holds it (close-on-exec), or
 * -EBUSY when another has it.  Holds as long as any copy of the descriptor, a
 * child's too, is open.  Removes the record that a killed daemon left. */
int container_lock(int storefd, const char *id);

/* What mount.json holds while a container is mounted. */
struct container_mount {
	pid_t pid;
	char *mountpoint; /* absolute */
	int64_t since;	  /* seconds since the epoch */
};

void container_mount_release(struct container_mount *m);

/* For the daemon, under the lock.  NULL removes the record. */
int container_set_mount(int storefd, const char *id,
			const struct container_mount *m);
/* -ENOENT when not mounted, which the lock decides: a record that a killed
 * daemon left does not count. */
int container_get_mount(int storefd, const char *id,
			struct container_mount *ret);

#endif
