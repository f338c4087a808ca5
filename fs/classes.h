/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two classes of a template's files.  Shared: those below the configured
 * directories, which the kernel may read by itself; a descriptor opened before
 * a break then keeps the template's content.  Coherent: all others, and those
 * whose path some container of the same template has broken: there, a
 * descriptor sees what is written after it was opened.
 *
 * The paths that were broken stand in a file beside the template, `mutable`
 * (docs/formats.md), which a mount reads when it starts and to which it
 * appends.  It has a limit, as has what one mount may append, so that no
 * container can grow it, or spend it, at will.
 *
 * Thread safety: classes_open() and classes_close() while no other thread
 * runs; the others, any.  Ownership: classes_close() frees.  Errors: negative
 * errno.
 */
#ifndef STENCIL_FS_CLASSES_H
#define STENCIL_FS_CLASSES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fs;
struct layer;
struct lower;

#define CLASSES_DEFAULT "bin:sbin:lib:lib32:lib64:libexec:usr:opt"

/* Paths in one template, by their hash: a collision makes one more file
 * coherent, which harms nobody. */
struct classes_learned {
	uint64_t *hash; /* a power of two of places; 0: free */
	size_t n, size;
};

struct classes {
	char *dirs;	 /* colons between; immutable after mount */
	bool coherent;	 /* all are; immutable after mount */
	pthread_mutex_t lock;
	struct classes_learned *learned; /* of each layer; lock */
	unsigned appended; /* lock */
};

/* `dirs` as in the option shared=; NULL: the default. */
int classes_open(struct fs *fs, const char *dirs, bool coherent);
void classes_close(struct fs *fs);

/*
 * Is it of the shared class?  If so, *ret_fd is a descriptor of the file by
 * way of a mount of our own, which is read-only and moves no time of access:
 * nothing that the kernel does by it can change the template.  0 or 1, or
 * negative errno.
 */
int classes_open_shared(struct fs *fs, struct lower *l, int *ret_fd);

/* The file is being broken: it is coherent from now on. */
void classes_learn(struct fs *fs, struct lower *l);

#endif
