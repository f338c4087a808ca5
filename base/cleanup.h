/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cleanup attributes: a variable that owns something frees it when it goes out
 * of scope, so that every error path is a plain return.
 *
 *	_cleanup_fd int fd = open(...);		closed at the end of the scope
 *	_cleanup_free char *s = strdup(...);	freed at the end of the scope
 *	return take_fd(&fd);			ownership leaves the scope
 *
 * Thread safety: none needed, all act on the caller's variables.  No function
 * here fails or changes errno.
 */
#ifndef STENCIL_BASE_CLEANUP_H
#define STENCIL_BASE_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_file(FILE **f)
{
	int saved = errno;

	if (*f)
		fclose(*f);
	errno = saved;
}

static inline void cleanup_dir(DIR **d)
{
	int saved = errno;

	if (*d)
		closedir(*d);
	errno = saved;
}

static inline void cleanup_unlock(pthread_mutex_t **m)
{
	if (*m)
		pthread_mutex_unlock(*m);
}

#define _cleanup_fd __attribute__((cleanup(cleanup_fd)))
#define _cleanup_free __attribute__((cleanup(cleanup_free)))
#define _cleanup_file __attribute__((cleanup(cleanup_file)))
#define _cleanup_dir __attribute__((cleanup(cleanup_dir)))
#define _cleanup_unlock __attribute__((cleanup(cleanup_unlock)))

/* Hands the descriptor on: the variable no longer owns it. */
static inline int take_fd(int *fd)
{
	int ret = *fd;

	*fd = -1;
	return ret;
}

/* Hands the pointer on: the variable no longer owns it. */
#define take_ptr(p)                                                            \
	({                                                                     \
		__typeof__(p) *take_from = &(p);                               \
		__typeof__(p) take_ret = *take_from;                           \
		*take_from = NULL;                                             \
		take_ret;                                                      \
	})

#endif
