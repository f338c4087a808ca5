/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For unit tests: cmocka with what it needs before it, and a directory that a
 * group of tests may fill.
 *
 *	cmocka_run_group_tests(tests, unit_setup, unit_teardown)
 *
 * Thread safety: main thread only.  Ownership: unit_teardown() removes the
 * directory.  Errors: a test that cannot have its directory fails.
 */
#ifndef STENCIL_TESTS_UNIT_UNIT_H
#define STENCIL_TESTS_UNIT_UNIT_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fileio.h"

static char unit_dir[256];	/* absolute */
static int unit_dirfd = -1;

static inline int unit_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(unit_dir, sizeof(unit_dir), "%s/stencil-unit-XXXXXX",
		 tmp ? tmp : "/tmp");
	if (!mkdtemp(unit_dir))
		return -1;
	unit_dirfd = open(unit_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return unit_dirfd < 0 ? -1 : 0;
}

static inline int unit_teardown(void **state)
{
	char *name = strrchr(unit_dir, '/');
	int parent, err;

	close(unit_dirfd);
	*name = '\0';
	parent = open(unit_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	err = fileio_remove_tree(parent, name + 1);
	close(parent);
	return err;
}

#endif
