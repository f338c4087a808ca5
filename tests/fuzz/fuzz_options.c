// SPDX-License-Identifier: Apache-2.0
/*
 * Any -o string: it is parsed or refused with a reason, and what is parsed
 * keeps the promises of fs/options.h.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "fs/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_promises(const struct options *o)
{
	size_t n = 0;

	while (o->lowers && o->lowers[n])
		require(*o->lowers[n++] != '\0');
	require(n == o->nlowers);
	require(!o->upper || *o->upper);
	require(!o->work || *o->work);
	require(!o->kernel_opts.data ||
		o->kernel_opts.len == strlen(o->kernel_opts.data));
	require(!o->unknown.data ||
		o->unknown.len == strlen(o->unknown.data));
}

static void parse_into(struct options *o, const char *text)
{
	_cleanup_free char *why = NULL, *why_not = NULL;
	int r = options_parse_string(text, o, &why);

	require(r == 0 || (r == -EINVAL && why));
	require(r != 0 || !why);
	check_promises(o);
	r = options_check(o, &why_not);
	/* No string names a mount point. */
	require(r == -EINVAL && why_not);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free char *text = malloc(size + 1);
	struct options o = { 0 };
	size_t first;

	require(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	/* Up to two strings, as from two -o on a command line. */
	first = strlen(text);
	parse_into(&o, text);
	if (first < size)
		parse_into(&o, text + first + 1);
	options_release(&o);
	return 0;
}
