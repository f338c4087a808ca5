// SPDX-License-Identifier: Apache-2.0
#include "fs/daemonize.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "base/log.h"

static int to_null(int fd)
{
	_cleanup_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, fd) < 0)
		return -errno;
	return 0;
}

/* What the daemon must not keep of its caller.  The report's pipe becomes
 * descriptor 3, so that one call closes all others. */
static int detach(struct daemonize *d)
{
	int r;

	setsid();
	r = to_null(STDIN_FILENO);
	if (r < 0)
		return r;
	r = to_null(STDOUT_FILENO);
	if (r < 0)
		return r;
	if (d->pipe != 3) {
		if (dup3(d->pipe, 3, O_CLOEXEC) < 0)
			return -errno;
		d->pipe = 3;
	}
	if (close_range(4, ~0U, 0) < 0)
		return -errno;
	if (chdir("/") < 0)
		return -errno;
	return 0;
}

/* The exit status of a child that ended without a report. */
static int reap(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return 1;
	if (WIFEXITED(status) && WEXITSTATUS(status))
		return WEXITSTATUS(status);
	if (WIFSIGNALED(status))
		log_error(0, "the daemon was killed by signal %d",
			  WTERMSIG(status));
	else
		log_error(0, "the daemon exited without a report");
	return 1;
}

int daemonize_fork(struct daemonize *ret)
{
	struct daemonize d = { .pipe = -1 };
	_cleanup_fd int report = -1;
	ssize_t n;
	pid_t pid;
	int p[2], r;

	if (pipe2(p, O_CLOEXEC) < 0) {
		r = -errno;
		log_error(r, "making a pipe");
		return r;
	}
	pid = fork();
	if (pid < 0) {
		r = -errno;
		log_error(r, "starting the daemon");
		close(p[0]);
		close(p[1]);
		return r;
	}
	if (pid == 0) {
		d.child = true;
		d.pipe = p[1];
		r = detach(&d);
		if (r < 0)
			log_error(r, "going to the background");
		else
			*ret = d;
		return r;
	}
	close(p[1]);
	report = p[0];
	n = fileio_read_full(report, &d.mount_id, sizeof(d.mount_id));
	if (n != sizeof(d.mount_id))
		d.status = reap(pid);
	*ret = d;
	return 0;
}

int daemonize_report(struct daemonize *d, uint64_t mount_id)
{
	int fd = take_fd(&d->pipe), r;

	log_to_syslog();
	r = to_null(STDERR_FILENO);
	if (r == 0)
		r = fileio_write_all(fd, &mount_id, sizeof(mount_id));
	close(fd);
	return r;
}
