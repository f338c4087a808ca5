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
#include "mkimage/footprint.h"
#include "mkimage/progress.h"
#include "mkimage/show_config.h"
#include "mkimage/users.h"

/* What is found out beside info.json. */
struct details {
	char **containers, **users;
	struct footprint footprint;
	bool damaged; /* no footprint */
	json_t *config;
};

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

static int add_footprint(json_t *json, const struct details *d)
{
	const struct footprint *f = &d->footprint;
	json_t *more;
	int r;

	if (d->damaged)
		return 0;
	more = json_pack("{s:I, s:I, s:I}", "own_bytes", (json_int_t)f->own,
			 "shared_bytes", (json_int_t)f->shared, "frees",
			 (json_int_t)f->frees);
	r = json_object_update(json, more);
	json_decref(more);
	return r;
}

static int print_json(const struct cmd_context *c,
		      const struct template_info *t, const struct details *d)
{
	_cleanup_free char *path = template_path(t->name, t->version);
	json_t *json = catalog_to_json(t);

	if (!json || !path || add_footprint(json, d) ||
	    json_object_set_new(json, "path",
				json_sprintf("%s/%s", c->store, path)) ||
	    json_object_set_new(json, "containers",
				users_to_json(d->containers)) ||
	    json_object_set_new(json, "mounts", users_to_json(d->users)) ||
	    (d->config && json_object_set(json, "config", d->config))) {
		json_decref(json);
		json = NULL;
	}
	return cmd_print_json(json);
}

static void print_size(const char *what, uint64_t bytes)
{
	char size[16];

	progress_size(bytes, size);
	printf("%-11s %s (%" PRIu64 " bytes)\n", what, size, bytes);
}

static void print_users(const char *what, char **users, const char *between)
{
	printf("%-11s", what);
	for (char **u = users; *u; u++)
		printf("%s %s", u == users ? "" : between, *u);
	printf("%s\n", *users ? "" : " none");
}

static int print_text(const struct cmd_context *c,
		      const struct template_info *t, const struct details *d)
{
	_cleanup_free char *path = template_path(t->name, t->version);
	char built[64] = "?";
	time_t when = (time_t)t->built;
	struct tm tm;

	if (!path) {
		log_error(-ENOMEM, "%s", t->name);
		return CMD_FAILED;
	}
	if (localtime_r(&when, &tm))
		strftime(built, sizeof(built), "%Y-%m-%d %H:%M:%S %z", &tm);
	printf("name:       %s%s\n", t->name, t->current ? " (current)" : "");
	printf("version:    %s\n", t->version);
	printf("built:      %s\n", built);
	printf("source:     %s\n", t->source);
	printf("entries:    %" PRIu64 "\n", t->entries);
	printf("files:      %" PRIu64 "\n", t->files);
	print_size("size:", t->bytes);
	if (!d->damaged) {
		print_size("own:", d->footprint.own);
		print_size("shared:", d->footprint.shared);
	}
	printf("path:       %s/%s\n", c->store, path);
	show_config_print(d->config);
	print_users("containers:", d->containers, "");
	print_users("used by:", d->users, ",");
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

static void release(struct details *d)
{
	json_decref(d->config);
	store_strv_free(d->containers);
	store_strv_free(d->users);
}

/* Damage is told, and what is known of the version nevertheless. */
static int get_footprint(int storefd, const struct template_info *t,
			 struct details *d)
{
	int r = footprint_get(storefd, t->name, t->version, &d->footprint);

	d->damaged = r;
	if (r == -EBADMSG || r == -ESTALE || r == -ENOENT) {
		log_warning(0, "%s@%s: is damaged: see mkstencil verify",
			    t->name, t->version);
		return 0;
	}
	return r;
}

static int find_out(int storefd, const struct template_info *t,
		    struct details *d)
{
	int r = catalog_users(storefd, t->name, t->version, &d->containers);

	if (!r)
		r = users_find(storefd, t->name, t->version, &d->users);
	if (!r)
		r = get_footprint(storefd, t, d);
	if (r)
		log_error(r, "%s@%s", t->name, t->version);
	return r ? r : show_config_read(storefd, t->name, t->version,
					&d->config);
}

static int show(const struct cmd_context *c, int storefd,
		const struct template_ref *ref)
{
	struct details details = { 0 };
	const struct template_info *t;
	struct catalog list;
	int r = catalog_list(storefd, ref->name, &list);

	if (r) {
		log_error(r, "%s", ref->name);
		return CMD_FAILED;
	}
	t = find(&list, ref->version);
	r = t ? t->error : -ENOENT;
	if (r)
		log_error(r, "%s@%s", ref->name, ref->version);
	else
		r = find_out(storefd, t, &details);
	if (r)
		r = CMD_FAILED;
	else
		r = c->json ? print_json(c, t, &details)
			    : print_text(c, t, &details);
	release(&details);
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
