// SPDX-License-Identifier: Apache-2.0
/*
 * Any text as a manifest: each line is parsed or refused, and what was parsed
 * is written and read again without a difference.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void require_same(const struct manifest_entry *a,
			 const struct manifest_entry *b)
{
	require(!strcmp(a->path, b->path));
	require(!a->target == !b->target);
	require(!a->target || !strcmp(a->target, b->target));
	require(a->hardlink == b->hardlink && a->mode == b->mode);
	require(a->size == b->size && a->nlink == b->nlink);
	require(a->uid == b->uid && a->gid == b->gid && a->rdev == b->rdev);
	require(a->mtime_sec == b->mtime_sec);
	require(a->mtime_nsec == b->mtime_nsec);
	require(!memcmp(&a->sha1, &b->sha1, sizeof(a->sha1)));
	require(a->has_digest == b->has_digest);
	require(!memcmp(&a->verity, &b->verity, sizeof(a->verity)));
	require(a->nxattrs == b->nxattrs);
	for (size_t i = 0; i < a->nxattrs; i++) {
		require(!strcmp(a->xattrs[i].name, b->xattrs[i].name));
		require(a->xattrs[i].len == b->xattrs[i].len);
		require(!memcmp(a->xattrs[i].value, b->xattrs[i].value,
				a->xattrs[i].len));
	}
}

static void check_round_trip(const struct manifest_entry *e)
{
	_cleanup_bytes struct bytes line = BYTES_INIT, again = BYTES_INIT;
	struct manifest_entry copy;

	require(manifest_format(e, &line) == 0);
	require(line.len > 0 && line.data[line.len - 1] == '\n');
	require(manifest_parse(line.data, line.len - 1, &copy) == 0);
	require_same(e, &copy);
	require(manifest_format(&copy, &again) == 0);
	require(line.len == again.len &&
		!memcmp(line.data, again.data, line.len));
	manifest_entry_release(&copy);
}

/* A single line, which need not be in any order. */
static void parse_line(const uint8_t *data, size_t size)
{
	struct manifest_entry e;
	int r = manifest_parse((const char *)data, size, &e);

	require(r == 0 || r == -EBADMSG);
	if (r)
		return;
	check_round_trip(&e);
	manifest_entry_release(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_file FILE *f = NULL;
	struct manifest_reader *reader;
	struct manifest_entry e;
	unsigned long n = 0;
	int r;

	parse_line(data, size);
	if (!size)
		return 0;
	f = fmemopen((void *)data, size, "r");
	require(f && manifest_reader_new(&reader, f) == 0);
	while ((r = manifest_reader_next(reader, &e)) > 0) {
		require(manifest_reader_line(reader) == ++n);
		require(n > 1 || !strcmp(e.path, "/"));
		check_round_trip(&e);
		manifest_entry_release(&e);
	}
	require(r == 0 || r == -EBADMSG);
	manifest_reader_free(reader);
	return 0;
}
