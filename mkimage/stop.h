/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGINT, SIGTERM and SIGHUP as a question that long work asks, so that an
 * interrupted build removes what it has staged.
 *
 * Thread safety: stop_install() once; stop_requested() anywhere.
 */
#ifndef STENCIL_MKIMAGE_STOP_H
#define STENCIL_MKIMAGE_STOP_H

void stop_install(void);

/* 0, or -EINTR once a signal came. */
int stop_requested(void);

#endif
