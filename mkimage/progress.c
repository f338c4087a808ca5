// SPDX-License-Identifier: Apache-2.0
#include "mkimage/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define INTERVAL_MS 200

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void progress_size(uint64_t bytes, char out[static 16])
{
	static const char units[] = "KMGTPE";
	double v = (double)bytes;
	int i = -1;

	if (bytes < 1024) {
		snprintf(out, 16, "%" PRIu64 " B", bytes);
		return;
	}
	while (v >= 1024 && i < 5) {
		v /= 1024;
		i++;
	}
	snprintf(out, 16, v < 10 ? "%.1f %ciB" : "%.0f %ciB", v, units[i]);
}

void progress_init(struct progress *p, bool quiet)
{
	*p = (struct progress){ .shown = !quiet && isatty(STDERR_FILENO) };
	p->start_ms = p->last_ms = now_ms();
}

void progress_add(struct progress *p, uint64_t files, uint64_t bytes)
{
	char size[16], rate[16];
	int64_t now;

	p->files += files;
	p->bytes += bytes;
	if (!p->shown)
		return;
	now = now_ms();
	if (now - p->last_ms < INTERVAL_MS)
		return;
	p->last_ms = now;
	progress_size(p->bytes, size);
	progress_size(p->bytes * 1000 / (uint64_t)(now - p->start_ms), rate);
	fprintf(stderr, "\r%" PRIu64 " files, %s, %s/s\033[K", p->files, size,
		rate);
}

void progress_phase(struct progress *p, const char *text)
{
	if (p->shown)
		fprintf(stderr, "\r%" PRIu64 " files: %s\033[K", p->files,
			text);
}

void progress_hide(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
}

void progress_release(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
