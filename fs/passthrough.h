/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's passthrough: files that it reads and writes without asking,
 * registered by descriptor and named by ids.
 *
 * There are two ways to speak of it, chosen when this is compiled: libfuse
 * from 3.17 on has fields for it; for those before, fs/kernel.h changes the
 * replies.  Who may be passed through, and when, is decided in fs/io.h.
 *
 * Thread safety: passthrough_configure() before INIT, passthrough_init() in
 * its handler, the others from any thread.  Ownership: an id is the caller's
 * until passthrough_close(); the descriptor stays the caller's, too.  Errors:
 * negative errno; without the kernel's help all works the same, slower, so
 * none of them is told to anybody but `stencilctl show`.
 */
#ifndef STENCIL_FS_PASSTHROUGH_H
#define STENCIL_FS_PASSTHROUGH_H

#include <fuse_lowlevel.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct fs;

struct passthrough {
	bool wanted;	     /* immutable after mount */
	atomic_bool on;	     /* the kernel agreed, and never refused us */
	_Atomic(const char *) reason; /* why not, or not for all; or NULL */
	unsigned max;	     /* ids at a time; immutable after mount */
	atomic_uint ids;     /* held now */
};

/* What the options say. */
void passthrough_configure(struct fs *fs, bool wanted);

/* Agrees with the kernel on it, if it offers it. */
void passthrough_init(struct fs *fs, struct fuse_conn_info *conn);

static inline bool passthrough_on(const struct passthrough *p)
{
	return atomic_load_explicit(&p->on, memory_order_relaxed);
}

/*
 * Registers the file behind `fd` (O_PATH will do from Linux 6.12 on): its id,
 * -ENFILE when there are too many, or what the kernel says.  -EPERM ends the
 * use of passthrough; -ELOOP says that no file of that file system can be
 * registered.  The kernel will write with the rights of the daemon, but not
 * without asking it to drop set-id bits where the writer's rights demand it
 * (attr_setattr_op()).
 */
int passthrough_open(struct fs *fs, int fd);
void passthrough_close(struct fs *fs, int id);

/* Has the reply to OPEN or CREATE that this thread gives next, with `fi`, name
 * the file `id`. */
void passthrough_reply(struct fuse_file_info *fi, int id);

#endif
