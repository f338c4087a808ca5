/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Platforms of images: OS/ARCHITECTURE[/VARIANT] in Go's words.
 *
 * Thread safety: no state.  Errors: negative errno, not logged.
 */
#ifndef STENCIL_MKIMAGE_PLATFORM_H
#define STENCIL_MKIMAGE_PLATFORM_H

#include <stdbool.h>

#define PLATFORM_WORD 32
#define PLATFORM_TEXT (3 * PLATFORM_WORD)

struct platform {
	char os[PLATFORM_WORD];
	char arch[PLATFORM_WORD];
	char variant[PLATFORM_WORD]; /* "" where it is not said */
};

/* OS/ARCH[/VARIANT] as written on a command line.  -EINVAL. */
int platform_parse(const char *text, struct platform *ret);

/* Its parts; `variant` may be NULL.  -EINVAL for what is no word. */
int platform_set(struct platform *ret, const char *os, const char *arch,
		 const char *variant);

/* The one that this program runs on. */
void platform_host(struct platform *ret);

/*
 * How well what is there serves who wants it: 0 not at all, more is better.
 * The usual variant of an architecture is meant when none is said, and an ARM
 * of one version runs what is made for those before.
 */
int platform_match(const struct platform *want, const struct platform *have);

void platform_format(const struct platform *p, char out[static PLATFORM_TEXT]);

#endif
