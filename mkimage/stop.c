// SPDX-License-Identifier: Apache-2.0
#include "mkimage/stop.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

/* Other threads ask than the one that gets the signal: sig_atomic_t is for one
 * thread only. */
static atomic_int stopped;
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "for a signal's handler");

static void on_signal(int sig)
{
	atomic_store(&stopped, 1);
}

void stop_install(void)
{
	/* No SA_RESTART: a read from a silent pipe must end too.  The second
	 * signal ends the program at once. */
	struct sigaction sa = { .sa_handler = on_signal,
				.sa_flags = SA_RESETHAND };

	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction before;

	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		/* nohup(1), and shells for the background, mean it. */
		if (!sigaction(signals[i], NULL, &before) &&
		    before.sa_handler == SIG_IGN)
			continue;
		sigaction(signals[i], &sa, NULL);
	}
}

int stop_requested(void)
{
	return atomic_load_explicit(&stopped, memory_order_relaxed) ? -EINTR
								    : 0;
}
