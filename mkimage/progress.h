/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line of progress on stderr, rewritten a few times a second, if stderr is
 * a terminal.
 *
 * Thread safety: one thread.  No function fails.
 */
#ifndef STENCIL_MKIMAGE_PROGRESS_H
#define STENCIL_MKIMAGE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool shown;
	uint64_t files, bytes;
	int64_t start_ms, last_ms;
};

void progress_init(struct progress *p, bool quiet);
void progress_add(struct progress *p, uint64_t files, uint64_t bytes);
/* What is being done from here on, when that is no longer reading. */
void progress_phase(struct progress *p, const char *text);
/* Removes the line until there is more to show. */
void progress_hide(struct progress *p);
/* Removes the line. */
void progress_release(struct progress *p);

/* "1.5 GiB", "812 B": room for 16 bytes. */
void progress_size(uint64_t bytes, char out[static 16]);

#endif
