// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "fs/mount.h"
#include "fs/options.h"

#define EXIT_USAGE 2

/* Makes sure that no file of ours gets the number of a standard stream that
 * the caller closed. */
static int open_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	struct options o;
	int status = 0;

	log_init("stencilfs");
	if (open_standard_streams() < 0)
		return 1;
	if (options_parse(argc, argv, &o) < 0)
		return EXIT_USAGE;
	if (o.help)
		options_usage();
	else if (o.version)
		printf("stencilfs %s (libfuse %s)\n", STENCIL_VERSION,
		       fuse_pkgversion());
	else
		status = mount_run(&o);
	options_release(&o);
	return status;
}
