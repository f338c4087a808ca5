// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.h"

#include <errno.h>

#include "base/log.h"
#include "base/store.h"
#include "cli/mounts.h"
#include "cli/output.h"

int cmd_rm(struct cli *c, int argc, char **argv)
{
	_cleanup_mounts struct mounts m = { 0 };
	const char *id;
	int r, status;

	status = cli_arguments(c, argc, argv, 1);
	if (status)
		return status;
	id = argv[optind];
	status = cli_open_container(c, id);
	if (status)
		return status;
	r = mounts_find(c->storefd, id, &m);
	if (!r && m.state != MOUNT_NONE) {
		log_error(0, "cannot remove %s: it is mounted on %s", id,
			  m.record.mountpoint);
		return EXIT_FAILED;
	}
	/* A record that cannot be read must not keep it from being removed:
	 * the lock decides. */
	r = container_remove(c->storefd, id);
	if (r) {
		log_error(r, "cannot remove %s", id);
		return EXIT_FAILED;
	}
	if (c->json && output_json(json_pack("{s:s}", "id", id)))
		return EXIT_FAILED;
	return EXIT_DONE;
}
