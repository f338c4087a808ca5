// SPDX-License-Identifier: Apache-2.0
#include "fs/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

/* Interrupts the main thread's wait in libfuse's loop. */
#define WAKE SIGUSR1
#define WAKE_INTERVAL_US 20000

struct signals {
	pthread_t thread, main;
	struct fuse_session *se;
	const char *mountpoint;
	uint64_t id;
};

static const int ending[] = { SIGTERM, SIGINT, SIGHUP };

#define NENDING (sizeof(ending) / sizeof(ending[0]))

static void ending_set(sigset_t *set)
{
	sigemptyset(set);
	for (size_t i = 0; i < NENDING; i++)
		sigaddset(set, ending[i]);
}

static void wake_handler(int sig)
{
}

int signals_block(bool foreground)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	sigset_t set;
	int r;

	for (size_t i = 0; !foreground && i < NENDING; i++)
		if (sigaction(ending[i], &sa, NULL) < 0)
			return -errno;
	sa.sa_handler = SIG_IGN;
	if (sigaction(SIGPIPE, &sa, NULL) < 0)
		return -errno;
	/* A lease that another opener breaks (fs/io.c) is given up anyway. */
	if (sigaction(SIGIO, &sa, NULL) < 0)
		return -errno;
	sa.sa_handler = wake_handler; /* no SA_RESTART */
	if (sigaction(WAKE, &sa, NULL) < 0)
		return -errno;
	ending_set(&set);
	r = pthread_sigmask(SIG_BLOCK, &set, NULL);
	return -r;
}

/* Writes dirty pages of memory maps back, through the mount itself. */
static void flush(const struct signals *s)
{
	_cleanup_fd int fd = open(s->mountpoint,
				  O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statx stx;

	/* Another mount may cover ours, or ours may be detached: then there is
	 * no way in. */
	if (fd < 0 ||
	    statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID,
		  &stx) < 0 ||
	    stx.stx_mnt_id != s->id) {
		log_warning(0, "%s cannot be reached to sync it",
			    s->mountpoint);
		return;
	}
	if (syncfs(fd) < 0)
		log_warning(-errno, "syncing %s", s->mountpoint);
}

static void *wait_for_signal(void *arg)
{
	struct signals *s = arg;
	sigset_t set;
	int sig, old;

	ending_set(&set);
	while (sigwait(&set, &sig) != 0)
		;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	flush(s);
	pthread_setcancelstate(old, NULL);
	/* Again and again, because libfuse's loop can look at its flag just
	 * before the first time and wait just after. */
	for (;;) {
		fuse_session_exit(s->se);
		pthread_kill(s->main, WAKE);
		usleep(WAKE_INTERVAL_US);
	}
	return NULL;
}

int signals_start(struct signals **ret, struct fuse_session *se,
		  const char *mountpoint, uint64_t id)
{
	struct signals *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->main = pthread_self();
	s->se = se;
	s->mountpoint = mountpoint;
	s->id = id;
	r = pthread_create(&s->thread, NULL, wait_for_signal, s);
	if (r != 0) {
		free(s);
		return -r;
	}
	*ret = s;
	return 0;
}

void signals_stop(struct signals *s)
{
	if (!s)
		return;
	pthread_cancel(s->thread);
	pthread_join(s->thread, NULL);
	free(s);
}
