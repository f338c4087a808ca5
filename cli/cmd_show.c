// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/log.h"
#include "base/store.h"
#include "cli/control.h"
#include "cli/mounts.h"
#include "cli/output.h"
#include "cli/usage.h"

/* Everything that is shown of one container. */
struct view {
	struct container ct;
	struct mounts mounts;
	struct usage usage;
	json_t *status; /* the daemon's answer, or NULL */
};

static void release_view(struct view *v)
{
	container_release(&v->ct);
	mounts_release(&v->mounts);
	json_decref(v->status);
}

static int walk_private(int storefd, const char *id, struct usage *ret)
{
	_cleanup_fd int dir = container_open(storefd, id);
	_cleanup_fd int private = -1;

	if (dir < 0)
		return dir;
	private = openat(dir, "private",
			 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return private < 0 ? -errno : usage_walk(private, ret);
}

static int collect(struct cli *c, const char *id, struct view *v)
{
	int r = container_read(c->storefd, id, &v->ct);

	if (!r)
		r = mounts_find(c->storefd, id, &v->mounts);
	if (!r)
		r = walk_private(c->storefd, id, &v->usage);
	if (r || v->mounts.state != MOUNT_LIVE)
		return r;
	r = control_status(c->storefd, id, &v->status);
	/* It is being unmounted, or belongs to another version: the rest is
	 * true all the same. */
	if (r)
		log_warning(r, "the daemon of %s does not answer", id);
	return 0;
}

static int add_mount(json_t *obj, const struct view *v)
{
	char since[OUTPUT_TIME];
	json_t *mount;
	int r;

	if (v->mounts.state == MOUNT_NONE)
		return 0;
	output_time(v->mounts.record.since, since);
	mount = json_pack("{s:i, s:s}", "pid", (int)v->mounts.record.pid,
			  "since", since);
	r = output_set(obj, "mount", mount);
	if (!r)
		r = escape_json_name(mount, "mountpoint",
				     v->mounts.record.mountpoint);
	return r;
}

static int print_json(const struct view *v)
{
	char created[OUTPUT_TIME];
	json_t *obj;
	int r;

	output_time(v->ct.created, created);
	obj = json_pack("{s:s, s:o, s:s, s:s, s:b, s:{s:I, s:I, s:I}}", "id",
			v->ct.id, "templates", output_json_stack(&v->ct.stack),
			"created", created, "state",
			mounts_to_text(v->mounts.state), "mounted",
			v->mounts.state == MOUNT_LIVE, "private", "bytes",
			(json_int_t)v->usage.bytes, "files",
			(json_int_t)v->usage.files, "whiteouts",
			(json_int_t)v->usage.whiteouts);
	if (!obj)
		return -ENOMEM;
	r = add_mount(obj, v);
	if (!r && v->status)
		r = output_set(obj, "status", json_incref(v->status));
	if (!r)
		return output_json(obj);
	json_decref(obj);
	return r;
}

static void print_status(const json_t *status)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)status, key, value) {
		_cleanup_free char *text =
			json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

		printf("status.%s: %s\n", key, text ? text : "?");
	}
}

static int print_text(const struct view *v)
{
	_cleanup_free char *stack = output_stack(&v->ct.stack);
	char created[OUTPUT_TIME];
	int r = 0;

	if (!stack)
		return -ENOMEM;
	output_time(v->ct.created, created);
	printf("id: %s\n"
	       "templates: %s\n"
	       "created: %s\n"
	       "private bytes: %llu\n"
	       "private files: %llu\n"
	       "whiteouts: %llu\n"
	       "state: %s\n",
	       v->ct.id, stack, created, (unsigned long long)v->usage.bytes,
	       (unsigned long long)v->usage.files,
	       (unsigned long long)v->usage.whiteouts,
	       mounts_to_text(v->mounts.state));
	if (v->mounts.state != MOUNT_NONE) {
		r = output_name("mountpoint: ", v->mounts.record.mountpoint);
		printf("pid: %d\n", (int)v->mounts.record.pid);
	}
	if (v->status)
		print_status(v->status);
	return r;
}

int cmd_show(struct cli *c, int argc, char **argv)
{
	struct view v = { .status = NULL };
	int r, status;

	status = cli_arguments(c, argc, argv, 1);
	if (!status)
		status = cli_open_container(c, argv[optind]);
	if (status)
		return status;
	r = collect(c, argv[optind], &v);
	if (!r)
		r = c->json ? print_json(&v) : print_text(&v);
	if (r)
		log_error(r, "cannot show %s", argv[optind]);
	release_view(&v);
	return r ? EXIT_FAILED : EXIT_DONE;
}
