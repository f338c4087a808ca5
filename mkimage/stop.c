// SPDX-License-Identifier: Apache-2.0
#include "mkimage/stop.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	stopped = 1;
}

void stop_install(void)
{
	/* No SA_RESTART: a read from a silent pipe must end too.  The second
	 * signal ends the program at once. */
	struct sigaction sa = { .sa_handler = on_signal,
				.sa_flags = SA_RESETHAND };

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
}

int stop_requested(void)
{
	return stopped ? -EINTR : 0;
}
