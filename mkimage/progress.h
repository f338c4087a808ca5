/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line of progress on stderr, rewritten a few times a second, if stderr is
 * a terminal.
 *
 * Thread safety: one thread; others' work is added by the one that collects it.
 * No function fails.
 */
#ifndef STENCIL_MKIMAGE_PROGRESS_H
#define STENCIL_MKIMAGE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool shown;
	uint64_t files, bytes;
	int64_t start_ms, last_ms;
	/* How much there is: about so many, if not 0; else what the file has
	 * behind its offset, if its size is not 0. */
	uint64_t all_files, all_bytes;
	int input_fd;
	uint64_t input_size;
};

void progress_init(struct progress *p, bool quiet);
void progress_add(struct progress *p, uint64_t files, uint64_t bytes);
/* What there will be in all, as far as one can tell: for the time left. */
void progress_expect(struct progress *p, uint64_t files, uint64_t bytes);
/* All comes from this file, which outlives the progress, if it is a regular
 * one. */
void progress_input(struct progress *p, int fd);
/* Seconds left after so many milliseconds, or -1 if one cannot tell. */
int64_t progress_left(const struct progress *p, int64_t elapsed_ms);

/* What is being done from here on, when that is no longer reading. */
void progress_phase(struct progress *p, const char *text);
/* Removes the line until there is more to show. */
void progress_hide(struct progress *p);
/* Removes the line. */
void progress_release(struct progress *p);

/* "1.5 GiB", "812 B": room for 16 bytes. */
void progress_size(uint64_t bytes, char out[static 16]);

#endif
