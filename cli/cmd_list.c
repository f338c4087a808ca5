// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/log.h"
#include "base/store.h"
#include "cli/mounts.h"
#include "cli/output.h"

#define LINE "%-16s %-9s  %s%s%s\n"

static json_t *to_json(const struct container *ct, const struct mounts *m)
{
	char created[OUTPUT_TIME];
	json_t *obj;

	output_time(ct->created, created);
	obj = json_pack("{s:s, s:o, s:s, s:s, s:b}", "id", ct->id, "templates",
			output_json_stack(&ct->stack), "created", created,
			"state", mounts_to_text(m->state), "mounted",
			m->state == MOUNT_LIVE);
	if (!obj || m->state == MOUNT_NONE)
		return obj;
	if (escape_json_name(obj, "mountpoint", m->record.mountpoint) ||
	    output_set(obj, "pid", json_integer(m->record.pid))) {
		json_decref(obj);
		return NULL;
	}
	return obj;
}

static int print_line(const struct container *ct, const struct mounts *m)
{
	_cleanup_free char *stack = output_stack(&ct->stack);
	_cleanup_bytes struct bytes where = BYTES_INIT;
	int r = 0;

	if (!stack)
		return -ENOMEM;
	if (m->state != MOUNT_NONE)
		r = escape_name(m->record.mountpoint, &where);
	if (!r)
		printf(LINE, ct->id, mounts_to_text(m->state), stack,
		       where.len ? "  " : "", where.len ? where.data : "");
	return r;
}

/* One container; one that is removed meanwhile is left out. */
static int list_one(struct cli *c, const char *id, json_t *array)
{
	_cleanup_mounts struct mounts m = { 0 };
	struct container ct = { 0 };
	int r = container_read(c->storefd, id, &ct);

	if (r == -ENOENT)
		return 0;
	if (!r) {
		r = mounts_find(c->storefd, id, &m);
		if (!r)
			r = !c->json ? print_line(&ct, &m) :
			    json_array_append_new(array, to_json(&ct, &m)) ?
				       -ENOMEM :
				       0;
		container_release(&ct);
	}
	if (r)
		log_error(r, "cannot read container %s", id);
	return r;
}

int cmd_list(struct cli *c, int argc, char **argv)
{
	char **ids = NULL;
	json_t *array;
	int r, status;
	size_t i;

	status = cli_arguments(c, argc, argv, 0);
	if (!status)
		status = cli_open_store(c);
	if (status)
		return status;
	r = container_list(c->storefd, &ids);
	if (r) {
		log_error(r, "cannot list containers");
		return EXIT_FAILED;
	}
	array = c->json ? json_array() : NULL;
	if (!c->json && !c->quiet)
		printf(LINE, "ID", "STATE", "TEMPLATES", "  ", "MOUNTED ON");
	/* A damaged container must not hide the others. */
	for (i = 0; ids[i]; i++)
		if (list_one(c, ids[i], array))
			status = EXIT_FAILED;
	store_strv_free(ids);
	if (c->json && output_json(array))
		status = EXIT_FAILED;
	return status;
}
