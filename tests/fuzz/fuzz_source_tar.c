// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as an archive, in any format and compression that is recognised:
 * it is read or refused with exactly one message, and what is read keeps the
 * promises of mkimage/source.h.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mkimage/source.h"
#include "tests/fuzz/fuzz_log.h"
#include "tests/fuzz/source_check.h"
#include "tests/fuzz/tar_sums.h"

#define MAX_SIZE (16 << 20) /* of data: what is compressed well takes time */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned int seed);

static int input_fd;
static struct fuzz_log messages;

/* No program is to be found to unpack the input with. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	fuzz_log_init(&messages);
	input_fd = memfd_create("input", MFD_CLOEXEC);
	require(input_fd >= 0);
	require(setenv("PATH", "/nonexistent", 1) == 0);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned int seed)
{
	size = LLVMFuzzerMutate(data, size, max);
	if (seed % 8)
		tar_fix_sums(data, size);
	return size;
}

static void set_input(const uint8_t *data, size_t size)
{
	require(ftruncate(input_fd, 0) == 0);
	require(pwrite(input_fd, data, size, 0) == (ssize_t)size);
	require(lseek(input_fd, 0, SEEK_SET) == 0);
	require(dup2(input_fd, STDIN_FILENO) == STDIN_FILENO);
}

static int read_all(void)
{
	struct source_options options = { .max_size = MAX_SIZE };
	struct source *s;
	int r = source_open("-", &options, &s);

	if (r)
		return r;
	r = source_check_all(s);
	source_close(s);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int r;

	set_input(data, size);
	fuzz_log_begin(&messages);
	r = read_all();
	fuzz_log_end(&messages, r < 0);
	require(r <= 0);
	return 0;
}
