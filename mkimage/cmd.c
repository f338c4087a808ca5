// SPDX-License-Identifier: Apache-2.0
#include "mkimage/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/protect.h"
#include "base/store.h"

int cmd_open_store(const struct cmd_context *c, bool create)
{
	int fd = store_open(c->store, create);

	if (fd >= 0)
		return fd;
	log_error(fd, "%s", c->store);
	return -1;
}

int cmd_open_store_to_write(const struct cmd_context *c, bool create)
{
	int fd = cmd_open_store(c, create), r;

	if (fd < 0)
		return fd;
	r = protect_restore(c->store);
	if (r)
		log_warning(r, "%s: cannot be mounted read-only again",
			    c->store);
	r = protect_step_around(c->store);
	close(fd);
	if (!r)
		return cmd_open_store(c, false);
	log_error(r, "%s: is protected, and no mount namespace can be had to write to it",
		  c->store);
	return -1;
}

int cmd_flush(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return CMD_OK;
	log_error(-errno, "writing the output");
	return CMD_FAILED;
}

int cmd_print_json(json_t *json)
{
	int r = json ? json_dumpf(json, stdout, JSON_INDENT(2)) : -1;

	json_decref(json);
	if (!r)
		r = puts("") < 0;
	if (r) {
		log_error(json ? -errno : -ENOMEM, "writing the output");
		return CMD_FAILED;
	}
	return cmd_flush();
}

int cmd_bad_reference(const char *text, int r)
{
	switch (r) {
	case -EINVAL:
		log_error(0, "%s: not a template: NAME[@VERSION] is wanted",
			  text);
		return CMD_USAGE;
	case -ENOENT:
		log_error(0, "%s: no such template", text);
		break;
	case -ENOTUNIQ:
		log_error(0, "%s: more than one version begins like this",
			  text);
		break;
	default:
		log_error(r, "%s", text);
	}
	return CMD_FAILED;
}
