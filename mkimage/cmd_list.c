// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "mkimage/catalog.h"
#include "mkimage/cmd.h"
#include "mkimage/progress.h"

/* What is damaged is told, and the others are listed. */
static int tell_damaged(const struct catalog *list)
{
	int r = CMD_OK;

	for (size_t i = 0; i < list->n; i++) {
		const struct template_info *t = &list->at[i];

		if (!t->error)
			continue;
		log_error(t->error, "%s@%s: info.json", t->name, t->version);
		r = CMD_FAILED;
	}
	return r;
}

static json_t *to_json(const struct template_info *t)
{
	json_t *json = catalog_to_json(t);

	if (json && !json_object_set_new(json, "container_count",
					 json_integer((json_int_t)
							      t->containers)))
		return json;
	json_decref(json);
	return NULL;
}

static int print_json(const struct catalog *list)
{
	json_t *all = json_array();

	for (size_t i = 0; all && i < list->n; i++) {
		if (list->at[i].error)
			continue;
		/* append_new takes a NULL for an error, and the reference. */
		if (json_array_append_new(all, to_json(&list->at[i]))) {
			json_decref(all);
			all = NULL;
		}
	}
	return cmd_print_json(all);
}

static int name_width(const struct catalog *list)
{
	size_t width = strlen("NAME");

	for (size_t i = 0; i < list->n; i++)
		if (strlen(list->at[i].name) > width)
			width = strlen(list->at[i].name);
	return (int)width;
}

static int print_table(const struct catalog *list)
{
	int width = name_width(list);

	if (list->n)
		printf("  %-*s  %-*s  %8s  %9s  %4s  %s\n", width, "NAME",
		       CMD_SHORT_VERSION, "VERSION", "FILES", "SIZE", "USED",
		       "BUILT");
	for (size_t i = 0; i < list->n; i++) {
		const struct template_info *t = &list->at[i];
		char size[16], built[32] = "?";
		time_t when = (time_t)t->built;
		struct tm tm;

		if (t->error)
			continue;
		if (localtime_r(&when, &tm))
			strftime(built, sizeof(built), "%Y-%m-%d %H:%M", &tm);
		progress_size(t->bytes, size);
		printf("%c %-*s  %.*s  %8" PRIu64 "  %9s  %4" PRIu64
		       "  %s\n",
		       t->current ? '*' : ' ', width, t->name,
		       CMD_SHORT_VERSION, t->version, t->files, size,
		       t->containers, built);
	}
	return cmd_flush();
}

int cmd_list(const struct cmd_context *c, int argc, char **argv)
{
	_cleanup_fd int storefd = cmd_open_store(c, false);
	struct catalog list;
	int r, count, damaged;

	if (storefd < 0)
		return CMD_FAILED;
	r = catalog_list(storefd, NULL, &list);
	if (r) {
		log_error(r, "%s/templates", c->store);
		return CMD_FAILED;
	}
	/* What is known is listed all the same. */
	count = catalog_count_users(storefd, &list);
	if (count)
		log_error(count, "the containers of %s", c->store);
	r = c->json ? print_json(&list) : print_table(&list);
	damaged = tell_damaged(&list);
	if (count)
		damaged = CMD_FAILED;
	catalog_release(&list);
	return r ? r : damaged;
}
