/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fault points: the steps of the protocols that must survive a crash or an
 * error at any moment.  Only `make FAULT=1` builds count them; otherwise they
 * cost nothing.  Environment of such a build:
 *
 *	STENCIL_CRASH_AT=N	SIGKILL the daemon before the Nth step
 *	STENCIL_FAIL_AT=N:ERRNO	let the Nth step fail once with that error
 *	STENCIL_FAULT_LOG=FILE	append each step's name
 *
 * Steps are counted from fault_arm() on, when the mount answers.
 *
 * Thread safety: all functions.  Errors: fault_step() returns 0 or the
 * negative errno to fail with.
 */
#ifndef STENCIL_FS_FAULT_H
#define STENCIL_FS_FAULT_H

#ifdef STENCIL_FAULT
void fault_arm(void);
int fault_step(const char *name);
#else
static inline void fault_arm(void)
{
}
static inline int fault_step(const char *name)
{
	return 0;
}
#endif

/* Runs `call` (an expression of negative errno) as the step `name`. */
#define FAULT_STEP(name, call)                                                 \
	({                                                                     \
		int step_ret = fault_step(name);                               \
		step_ret ? step_ret : (call);                                  \
	})

#endif
