/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of what is fuzzed go to a file in memory and are counted: a failure
 * is told in one line, a success in none, but for warnings.
 */
#ifndef STENCIL_TESTS_FUZZ_LOG_H
#define STENCIL_TESTS_FUZZ_LOG_H

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/source_check.h"

#define FUZZ_WARNING "stencil: warning: "

struct fuzz_log {
	int fd, real; /* the file; the real standard error meanwhile */
};

static inline void fuzz_log_init(struct fuzz_log *l)
{
	l->fd = memfd_create("log", MFD_CLOEXEC);
	require(l->fd >= 0);
}

static inline void fuzz_log_begin(struct fuzz_log *l)
{
	require(ftruncate(l->fd, 0) == 0 && lseek(l->fd, 0, SEEK_SET) == 0);
	l->real = dup(STDERR_FILENO);
	require(l->real >= 0 && dup2(l->fd, STDERR_FILENO) == STDERR_FILENO);
}

/* There must be so many lines that are no warnings; else all are shown. */
static inline void fuzz_log_end(struct fuzz_log *l, int lines)
{
	size_t size = (size_t)lseek(l->fd, 0, SEEK_CUR);
	char *text = calloc(1, size + 1), *line;
	int n = 0;

	require(dup2(l->real, STDERR_FILENO) == STDERR_FILENO);
	close(l->real);
	require(text && pread(l->fd, text, size, 0) == (ssize_t)size);
	for (line = text; *line; line = strchr(line, '\n') + 1)
		n += strncmp(line, FUZZ_WARNING, strlen(FUZZ_WARNING)) != 0;
	if (n != lines) {
		fprintf(stderr, "%d lines, not %d:\n%s", n, lines, text);
		abort();
	}
	free(text);
}

#endif
