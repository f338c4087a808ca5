// SPDX-License-Identifier: Apache-2.0
#include "mkimage/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define INTERVAL_MS 200
#define FILE_COST 16384	   /* bytes that are as much work as a file */
#define LEFT_AFTER_MS 1000 /* earlier one would guess */

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

void progress_expect(struct progress *p, uint64_t files, uint64_t bytes)
{
	p->all_files = files;
	p->all_bytes = bytes;
}

void progress_input(struct progress *p, int fd)
{
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return;
	p->input_fd = fd;
	p->input_size = (uint64_t)st.st_size;
}

int64_t progress_left(const struct progress *p, int64_t elapsed_ms)
{
	double done, all;

	if (p->input_size) {
		off_t at = lseek(p->input_fd, 0, SEEK_CUR);

		done = at < 0 ? 0 : (double)at;
		all = (double)p->input_size;
	} else {
		done = (double)p->bytes + (double)p->files * FILE_COST;
		all = (double)p->all_bytes + (double)p->all_files * FILE_COST;
	}
	/* There is more than was thought, or nothing is known. */
	if (elapsed_ms < LEFT_AFTER_MS || done <= 0 || done > all)
		return -1;
	return (int64_t)((double)elapsed_ms / 1000 * (all - done) / done + 0.5);
}

static void show(const struct progress *p, int64_t elapsed_ms)
{
	int64_t left = progress_left(p, elapsed_ms);
	char size[16], rate[16], text[48] = "";

	progress_size(p->bytes, size);
	progress_size(p->bytes * 1000 / (uint64_t)elapsed_ms, rate);
	if (left >= 0)
		snprintf(text, sizeof(text), ", %" PRId64 ":%02d left",
			 left / 60, (int)(left % 60));
	fprintf(stderr, "\r%" PRIu64 " files, %s, %s/s%s\033[K", p->files, size,
		rate, text);
}

void progress_add(struct progress *p, uint64_t files, uint64_t bytes)
{
	int64_t now;

	p->files += files;
	p->bytes += bytes;
	if (!p->shown)
		return;
	now = now_ms();
	if (now - p->last_ms < INTERVAL_MS)
		return;
	p->last_ms = now;
	show(p, now - p->start_ms);
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
