// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/protect.h"
#include "base/store.h"
#include "cli/mounts.h"
#include "cli/output.h"

#define DAEMON "stencilfs"

/* The daemon that stands beside this program, so that a build folder works as
 * it is; else the name alone, which execvp(3) looks up in $PATH. */
static int daemon_path(struct bytes *ret)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;
	int r;

	if (n > 0) {
		self[n] = '\0';
		slash = strrchr(self, '/');
		if (slash)
			*slash = '\0';
		r = bytes_addf(ret, "%s/%s", self, DAEMON);
		if (r || !access(ret->data, X_OK))
			return r;
		bytes_release(ret);
		*ret = (struct bytes)BYTES_INIT;
	}
	return bytes_adds(ret, DAEMON);
}

/* Commas and backslashes end or change an option, so they are escaped. */
static int add_escaped(struct bytes *b, const char *s)
{
	int r = 0;

	for (; *s && !r; s++)
		r = bytes_addf(b, "%s%c", strchr(",\\", *s) ? "\\" : "", *s);
	return r;
}

static int format_options(const struct cli *c, const char *id,
			  const char *more, struct bytes *ret)
{
	_cleanup_free char *store = realpath(store_path(c->store), NULL);
	int r;

	if (!store)
		return -errno;
	r = bytes_addf(ret, "container=%s,store=", id);
	if (!r)
		r = add_escaped(ret, store);
	if (!r && more)
		r = bytes_addf(ret, ",%s", more);
	return r;
}

/* Exit status of the daemon's parent, which ends when the root answers. */
static int run_daemon(const char *daemon, const char *options,
		      const char *mountpoint)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		execlp(daemon, DAEMON, "-o", options, "--", mountpoint,
		       (char *)NULL);
		log_error(-errno, "cannot run %s", daemon);
		_exit(EXIT_FAILED);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (WIFSIGNALED(status)) {
		log_error(0, "%s: ended by signal %d", daemon,
			  WTERMSIG(status));
		return EXIT_FAILED;
	}
	/* It has said itself what failed. */
	return WEXITSTATUS(status) ? EXIT_FAILED : EXIT_DONE;
}

static int mount_container(struct cli *c, const char *id, const char *where,
			   const char *more)
{
	_cleanup_bytes struct bytes daemon = BYTES_INIT;
	_cleanup_bytes struct bytes options = BYTES_INIT;
	_cleanup_mounts struct mounts m = { 0 };
	int r = mounts_find(c->storefd, id, &m);

	if (!r && m.state == MOUNT_LIVE) {
		log_error(0, "cannot mount %s: it is mounted on %s", id,
			  m.record.mountpoint);
		return EXIT_FAILED;
	}
	/* What a killed daemon left would stay for ever: its record is about
	 * to be replaced. */
	if (!r && m.state == MOUNT_DEAD && mounts_detach(&m, true))
		return EXIT_FAILED;
	if (!r)
		r = daemon_path(&daemon);
	if (!r)
		r = format_options(c, id, more, &options);
	if (!r)
		r = run_daemon(daemon.data, options.data, where);
	if (r < 0)
		log_error(r, "cannot mount %s", id);
	return r < 0 ? EXIT_FAILED : r;
}

/* After a reboot; a store that cannot be protected is served all the same. */
static void restore_protection(const struct cli *c)
{
	int r = protect_restore(store_path(c->store));

	if (r)
		log_warning(r, "%s: cannot be mounted read-only again",
			    store_path(c->store));
}

static int print_mount(const char *id, const char *where)
{
	_cleanup_free char *path = realpath(where, NULL);
	int r = path ? output_mount(id, path) : -errno;

	if (r)
		log_error(r, "cannot print");
	return r ? EXIT_FAILED : EXIT_DONE;
}

int cmd_mount(struct cli *c, int argc, char **argv)
{
	_cleanup_bytes struct bytes more = BYTES_INIT;
	const char *id, *where;
	int opt, status;

	while ((opt = cli_getopt(c, argc, argv, "o:", NULL)) != -1) {
		if (opt != 'o')
			return EXIT_USAGE;
		if (bytes_addf(&more, "%s%s", more.len ? "," : "", optarg)) {
			log_error(-ENOMEM, "cannot mount");
			return EXIT_FAILED;
		}
	}
	status = cli_count(argc, argv, 2);
	if (status)
		return status;
	id = argv[optind];
	where = argv[optind + 1];
	status = cli_open_container(c, id);
	if (!status)
		restore_protection(c);
	if (!status)
		status = mount_container(c, id, where, more.data);
	if (!status && c->json)
		status = print_mount(id, where);
	return status;
}
