/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A header with a wrong sum is refused and nothing behind it is seen: fuzzers
 * that mutate archives make the sums right again.
 */
#ifndef STENCIL_TESTS_FUZZ_TAR_SUMS_H
#define STENCIL_TESTS_FUZZ_TAR_SUMS_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define TAR_BLOCK 512
#define TAR_SUM_AT 148
#define TAR_SUM_LEN 8
#define TAR_MAGIC_AT 257

static inline void tar_fix_sum(uint8_t *header)
{
	unsigned int sum = 0;
	char text[TAR_SUM_LEN];

	memset(header + TAR_SUM_AT, ' ', TAR_SUM_LEN);
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += header[i];
	snprintf(text, sizeof(text), "%06o", sum);
	memcpy(header + TAR_SUM_AT, text, sizeof(text));
}

/* Wherever a header begins. */
static inline void tar_fix_sums(uint8_t *data, size_t size)
{
	static const char magic[] = "ustar";
	uint8_t *at = data, *end = data + size;

	while ((at = memmem(at, (size_t)(end - at), magic, strlen(magic)))) {
		uint8_t *header = at - TAR_MAGIC_AT;

		if (at - data >= TAR_MAGIC_AT && end - header >= TAR_BLOCK)
			tar_fix_sum(header);
		at += strlen(magic);
	}
}

#endif
