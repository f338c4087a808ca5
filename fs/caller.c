// SPDX-License-Identifier: Apache-2.0
#include "fs/caller.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/fileio.h"

#define STATUS_MAX 65536
#define TASK_PATH 64

/* Whether both threads are in one user namespace. */
static bool same_userns(pid_t tid)
{
	char path[TASK_PATH];
	struct stat theirs, ours;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)tid);
	return stat(path, &theirs) == 0 &&
	       stat("/proc/self/ns/user", &ours) == 0 &&
	       theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

bool caller_has_cap(pid_t tid, int cap)
{
	static const char field[] = "\nCapEff:";
	_cleanup_bytes struct bytes status = BYTES_INIT;
	char path[TASK_PATH];
	const char *caps;

	/* 0: a process that our pid namespace does not show. */
	if (tid <= 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	if (fileio_read_file(AT_FDCWD, path, STATUS_MAX, &status) < 0)
		return false;
	caps = strstr(status.data ?: "", field);
	if (!caps)
		return false;
	caps += sizeof(field) - 1;
	return strtoull(caps, NULL, 16) >> cap & 1;
}

bool caller_is_admin(pid_t tid)
{
	return caller_has_cap(tid, CAP_SYS_ADMIN) && same_userns(tid);
}
