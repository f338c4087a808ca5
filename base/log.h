/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of programs for people: "PROGRAM: what failed: why" on stderr, or
 * syslog once a daemon has no terminal.  Only programs log: base/ and cache/
 * return errors and stay silent.
 *
 * Thread safety: all functions but log_init() and log_to_syslog() may be
 * called from any thread.  No function fails.
 */
#ifndef STENCIL_BASE_LOG_H
#define STENCIL_BASE_LOG_H

/* Sets the program's name shown before each message.  Not copied. */
void log_init(const char *program);

/* From here on messages go to syslog(3) (facility daemon) instead of stderr. */
void log_to_syslog(void);

/* One line.  `err` is a negative errno whose text is appended, or 0. */
void log_error(int err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void log_warning(int err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
