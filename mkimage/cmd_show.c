// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "mkimage/catalog.h"
#include "mkimage/cmd.h"
#include "mkimage/progress.h"
#include "mkimage/show_config.h"

static json_t *users_to_json(char **users)
{
	json_t *all = json_array();

	for (char **u = users; all && *u; u++) {
		if (json_array_append_new(all, json_string(*u))) {
			json_decref(all);
			all = NULL;
		}
	}
	return all;
}

static int print_json(const struct cmd_context *c,
		      const struct template_info *t, char **users,
		      json_t *config)
{
	_cleanup_free char *path = template_path(t->name, t->version);
	json_t *json = catalog_to_json(t);

	if (!json || !path ||
	    json_object_set_new(json, "path",
				json_sprintf("%s/%s", c->store, path)) ||
	    json_object_set_new(json, "containers", users_to_json(users)) ||
	    (config && json_object_set(json, "config", config))) {
		json_decref(json);
		json = NULL;
	}
	return cmd_print_json(json);
}

static int print_text(const struct cmd_context *c,
		      const struct template_info *t, char **users,
		      const json_t *config)
{
	_cleanup_free char *path = template_path(t->name, t->version);
	char size[16], built[64] = "?";
	time_t when = (time_t)t->built;
	struct tm tm;

	if (!path) {
		log_error(-ENOMEM, "%s", t->name);
		return CMD_FAILED;
	}
	if (localtime_r(&when, &tm))
		strftime(built, sizeof(built), "%Y-%m-%d %H:%M:%S %z", &tm);
	progress_size(t->bytes, size);
	printf("name:       %s%s\n", t->name, t->current ? " (current)" : "");
	printf("version:    %s\n", t->version);
	printf("built:      %s\n", built);
	printf("source:     %s\n", t->source);
	printf("entries:    %" PRIu64 "\n", t->entries);
	printf("files:      %" PRIu64 "\n", t->files);
	printf("size:       %s (%" PRIu64 " bytes)\n", size, t->bytes);
	printf("path:       %s/%s\n", c->store, path);
	show_config_print(config);
	printf("containers:");
	for (char **u = users; *u; u++)
		printf(" %s", *u);
	printf("%s\n", *users ? "" : " none");
	return cmd_flush();
}

static const struct template_info *find(const struct catalog *list,
					const char *version)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->at[i].version, version))
			return &list->at[i];
	return NULL;
}

static int show(const struct cmd_context *c, int storefd,
		const struct template_ref *ref)
{
	const struct template_info *t;
	json_t *config = NULL;
	struct catalog list;
	char **users;
	int r = catalog_list(storefd, ref->name, &list);

	if (r) {
		log_error(r, "%s", ref->name);
		return CMD_FAILED;
	}
	t = find(&list, ref->version);
	r = t ? t->error : -ENOENT;
	if (!r)
		r = catalog_users(storefd, ref->name, ref->version, &users);
	if (r) {
		log_error(r, "%s@%s", ref->name, ref->version);
		r = CMD_FAILED;
	} else {
		r = show_config_read(storefd, ref->name, ref->version, &config)
			    ? CMD_FAILED
		    : c->json ? print_json(c, t, users, config)
			      : print_text(c, t, users, config);
		json_decref(config);
		store_strv_free(users);
	}
	catalog_release(&list);
	return r;
}

int cmd_show(const struct cmd_context *c, int argc, char **argv)
{
	_cleanup_fd int storefd = -1;
	struct template_stack ref;
	int r = catalog_parse(argv[0], &ref);

	if (r)
		return cmd_bad_reference(argv[0], r);
	storefd = cmd_open_store(c, false);
	if (storefd < 0) {
		r = CMD_FAILED;
	} else {
		r = template_stack_resolve(storefd, &ref, NULL);
		r = r ? cmd_bad_reference(argv[0], r)
		      : show(c, storefd, &ref.refs[0]);
	}
	template_stack_release(&ref);
	return r;
}
