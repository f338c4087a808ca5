// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/log.h"
#include "base/store.h"
#include "cli/diff.h"
#include "cli/output.h"
#include "cli/stack.h"

static int print_json(const struct diff *d)
{
	json_t *array = json_array();
	size_t i;
	int r = array ? 0 : -ENOMEM;

	for (i = 0; i < d->n && !r; i++) {
		json_t *obj = json_pack("{s:s#}", "change",
					&(char){ d->changes[i].kind }, 1);

		if (json_array_append_new(array, obj))
			r = -ENOMEM;
		else
			r = escape_json_name(obj, "path", d->changes[i].path);
	}
	if (!r)
		return output_json(array);
	json_decref(array);
	return r;
}

static int print_text(const struct diff *d)
{
	size_t i;
	int r = 0;

	for (i = 0; i < d->n && !r; i++) {
		char prefix[] = { d->changes[i].kind, ' ', '\0' };

		r = output_name(prefix, d->changes[i].path);
	}
	return r;
}

static int open_private(int storefd, const char *id)
{
	_cleanup_fd int dir = container_open(storefd, id);
	int fd;

	if (dir < 0)
		return dir;
	fd = openat(dir, "private",
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int diff(struct cli *c, const char *id, const struct container *ct)
{
	_cleanup_diff struct diff d = DIFF_INIT;
	_cleanup_stack struct stack s = { NULL, 0 };
	_cleanup_free char *where = NULL;
	_cleanup_fd int private = open_private(c->storefd, id);
	int r = private;

	if (r >= 0)
		r = stack_open(c->storefd, &ct->stack, &s);
	if (r < 0) {
		log_error(r, "cannot open the layers of %s", id);
		return EXIT_FAILED;
	}
	r = diff_run(private, &s, &d, &where);
	if (r) {
		log_error(r, "cannot compare /%s of %s", where ? where : "",
			  id);
		return EXIT_FAILED;
	}
	r = c->json ? print_json(&d) : print_text(&d);
	if (r)
		log_error(r, "cannot print");
	return r ? EXIT_FAILED : EXIT_DONE;
}

int cmd_diff(struct cli *c, int argc, char **argv)
{
	struct container ct = { 0 };
	int r, status;

	status = cli_arguments(c, argc, argv, 1);
	if (!status)
		status = cli_open_container(c, argv[optind]);
	if (status)
		return status;
	r = container_read(c->storefd, argv[optind], &ct);
	if (r) {
		log_error(r, "cannot read container %s", argv[optind]);
		return EXIT_FAILED;
	}
	status = diff(c, argv[optind], &ct);
	container_release(&ct);
	return status;
}
