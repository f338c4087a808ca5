// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as an archive, in any format and compression that is recognised:
 * it is read or refused with exactly one message, and what is read keeps the
 * promises of mkimage/source.h.
 *
 * A header with a wrong sum is refused and nothing behind it is seen: what is
 * mutated gets its sums right again, most times.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mkimage/source.h"
#include "tests/fuzz/source_check.h"

#define MAX_SIZE (16 << 20) /* of data: what is compressed well takes time */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned int seed);

#define BLOCK 512
#define SUM_AT 148
#define SUM_LEN 8
#define MAGIC_AT 257

static int log_fd, input_fd;

/* Messages go to a file that is looked at; libFuzzer's go to a copy of the
 * real standard error.  No program is found to unpack the input with. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	log_fd = memfd_create("log", MFD_CLOEXEC);
	input_fd = memfd_create("input", MFD_CLOEXEC);
	require(log_fd >= 0 && input_fd >= 0);
	require(setenv("PATH", "/nonexistent", 1) == 0);
	return 0;
}

static void fix_sum(uint8_t *header)
{
	unsigned int sum = 0;
	char text[SUM_LEN];

	memset(header + SUM_AT, ' ', SUM_LEN);
	for (size_t i = 0; i < BLOCK; i++)
		sum += header[i];
	snprintf(text, sizeof(text), "%06o", sum);
	memcpy(header + SUM_AT, text, sizeof(text));
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned int seed)
{
	size = LLVMFuzzerMutate(data, size, max);
	if (seed % 8 == 0)
		return size;
	for (size_t i = 0; i + BLOCK <= size; i += BLOCK)
		if (!memcmp(data + i + MAGIC_AT, "ustar", 5))
			fix_sum(data + i);
	return size;
}

static void set_input(const uint8_t *data, size_t size)
{
	require(ftruncate(input_fd, 0) == 0);
	require(pwrite(input_fd, data, size, 0) == (ssize_t)size);
	require(lseek(input_fd, 0, SEEK_SET) == 0);
	require(dup2(input_fd, STDIN_FILENO) == STDIN_FILENO);
}

static int count_lines(void)
{
	off_t size = lseek(log_fd, 0, SEEK_CUR);
	int n = 0;
	char c;

	for (off_t i = 0; i < size; i++) {
		require(pread(log_fd, &c, 1, i) == 1);
		n += c == '\n';
	}
	return n;
}

static int read_all(unsigned long *ret_dropped)
{
	struct source_options options = { .max_size = MAX_SIZE };
	struct source *s;
	int r = source_open("-", &options, &s);

	if (r)
		return r;
	r = source_check_all(s);
	*ret_dropped = s->dropped;
	source_close(s);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned long dropped = 0;
	int real = dup(STDERR_FILENO), r;

	set_input(data, size);
	require(ftruncate(log_fd, 0) == 0 && lseek(log_fd, 0, SEEK_SET) == 0);
	require(dup2(log_fd, STDERR_FILENO) == STDERR_FILENO);
	r = read_all(&dropped);
	require(dup2(real, STDERR_FILENO) == STDERR_FILENO);
	close(real);
	require(r <= 0);
	require(count_lines() == (r < 0) + (dropped > 0));
	return 0;
}
