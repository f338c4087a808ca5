/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/fault.h"

#ifdef STENCIL_FAULT
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
	atomic_bool armed;
	atomic_long count;
	long crash_at, fail_at;
	int error;
	int log;
} fault = { .log = -1 };

static int errno_of(const char *name)
{
	static const struct {
		const char *name;
		int value;
	} known[] = {
		{ "ENOSPC", ENOSPC }, { "EIO", EIO },	  { "EDQUOT", EDQUOT },
		{ "ENOMEM", ENOMEM }, { "EROFS", EROFS }, { "EACCES", EACCES },
		{ "EMFILE", EMFILE },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i].name, name))
			return known[i].value;
	return EIO;
}

void fault_arm(void)
{
	const char *crash = getenv("STENCIL_CRASH_AT");
	const char *fail = getenv("STENCIL_FAIL_AT");
	const char *log = getenv("STENCIL_FAULT_LOG");
	char *end;

	if (crash)
		fault.crash_at = strtol(crash, NULL, 10);
	if (fail) {
		fault.fail_at = strtol(fail, &end, 10);
		fault.error = errno_of(*end == ':' ? end + 1 : "EIO");
	}
	if (log)
		fault.log = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
				 0600);
	atomic_store(&fault.armed, true);
}

int fault_step(const char *name)
{
	char line[96];
	long n;
	int len;

	if (!atomic_load(&fault.armed))
		return 0;
	n = atomic_fetch_add(&fault.count, 1) + 1;
	if (fault.log >= 0) {
		len = snprintf(line, sizeof(line), "%ld %s\n", n, name);
		if (write(fault.log, line, (size_t)len) < 0)
			return -EIO;
	}
	if (n == fault.crash_at)
		kill(getpid(), SIGKILL);
	return n == fault.fail_at ? -fault.error : 0;
}
#endif
