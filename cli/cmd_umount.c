// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/store.h"
#include "cli/mounts.h"
#include "cli/output.h"

#define WAIT_SAY_MS 3000     /* until it is said that this takes long */
#define WAIT_MAX_MS 600000   /* until it is given up */
#define WAIT_STEP_MS 50

static const struct option options[] = {
	{ "lazy", no_argument, NULL, 'l' },
	{ 0 },
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/*
 * Waits until the daemon has written everything and let go of the container's
 * lock, which it does last, and then for its end where it can be seen (pidfd
 * >= 0).  Returns the lock's descriptor.
 */
static int wait_for_end(struct cli *c, const char *id, int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int64_t start = now_ms();
	bool said = false;
	int fd;

	for (;;) {
		fd = container_lock(c->storefd, id);
		if (fd != -EBUSY)
			break;
		if (now_ms() - start > WAIT_MAX_MS)
			return -ETIMEDOUT;
		if (!said && now_ms() - start > WAIT_SAY_MS) {
			said = true;
			if (!c->quiet)
				log_info("%s: waiting for its daemon to write "
					 "everything to disk", id);
		}
		if (poll(&p, 1, WAIT_STEP_MS) > 0)
			p.fd = -1; /* it has ended: its lock is about to go */
	}
	/* Nothing is left for it to do but to end. */
	if (fd >= 0 && p.fd >= 0 && poll(&p, 1, WAIT_MAX_MS) == 0) {
		close(fd);
		return -ETIMEDOUT;
	}
	return fd;
}

/* A killed daemon wrote nothing back: what reached the host's page cache must
 * still reach the disk, and its record goes. */
static int finish_dead(struct cli *c, const char *id)
{
	_cleanup_fd int dir = container_open(c->storefd, id);
	_cleanup_fd int private = -1;

	if (dir < 0)
		return dir;
	private = openat(dir, "private",
			 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (private < 0 || syncfs(private))
		return -errno;
	return container_set_mount(c->storefd, id, NULL);
}

static int unmount(struct cli *c, const char *id, const struct mounts *m,
		   bool lazy)
{
	bool dead = m->state == MOUNT_DEAD;
	_cleanup_fd int pidfd = -1;
	_cleanup_fd int lock = -1;
	int r;

	if (!dead)
		pidfd = syscall(SYS_pidfd_open, m->record.pid, 0);
	if (mounts_detach(m, lazy))
		return EXIT_FAILED;
	if (lazy && !dead)
		return EXIT_DONE;
	lock = wait_for_end(c, id, pidfd);
	r = lock < 0 ? lock : dead ? finish_dead(c, id) : 0;
	if (r == -ETIMEDOUT)
		log_error(r, "%s is unmounted, but its daemon (process %d) has "
			     "not ended", id, (int)m->record.pid);
	else if (r)
		log_error(r, "cannot finish unmounting %s", id);
	return r ? EXIT_FAILED : EXIT_DONE;
}

int cmd_umount(struct cli *c, int argc, char **argv)
{
	_cleanup_mounts struct mounts m = { 0 };
	bool lazy = false;
	int opt, r, status;

	while ((opt = cli_getopt(c, argc, argv, "l", options)) != -1) {
		if (opt != 'l')
			return EXIT_USAGE;
		lazy = true;
	}
	status = cli_count(argc, argv, 1);
	if (!status)
		status = cli_open_container(c, argv[optind]);
	if (status)
		return status;
	r = mounts_find(c->storefd, argv[optind], &m);
	if (r || m.state == MOUNT_NONE) {
		log_error(r, r ? "cannot tell whether %s is mounted" :
				 "cannot unmount %s: not mounted",
			  argv[optind]);
		return EXIT_FAILED;
	}
	status = unmount(c, argv[optind], &m, lazy);
	r = status || !c->json ? 0 :
			output_mount(argv[optind], m.record.mountpoint);
	if (r)
		log_error(r, "cannot print");
	return r ? EXIT_FAILED : status;
}
