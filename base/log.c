// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define LINE_SIZE 4096

/* Both are set before threads exist and only read afterwards. */
static const char *program = "stencil";
static bool use_syslog;

void log_init(const char *name)
{
	program = name;
}

void log_to_syslog(void)
{
	openlog(program, LOG_PID | LOG_NDELAY, LOG_DAEMON);
	use_syslog = true;
}

/* File names come from strangers: what they hold must neither start a second
 * line nor steer a terminal. */
static void defuse(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = '?';
}

/* Appends at *len; the text is cut where the line is full. */
static void addv(char *line, size_t *len, const char *fmt, va_list ap)
{
	int n = vsnprintf(line + *len, LINE_SIZE - *len, fmt, ap);

	if (n < 0)
		return;
	*len += n;
	if (*len > LINE_SIZE - 1)
		*len = LINE_SIZE - 1;
}

static void __attribute__((format(printf, 3, 4)))
add(char *line, size_t *len, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	addv(line, len, fmt, ap);
	va_end(ap);
}

static void write_stderr(const char *line, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDERR_FILENO, line, len);

		if (n < 0 && errno == EINTR)
			continue;
		/* There is nobody left to tell that stderr is gone. */
		if (n <= 0)
			return;
		line += n;
		len -= n;
	}
}

/* One write(2) for a line, so that lines of several threads do not mix. */
static void emit(int priority, const char *kind, int err, const char *fmt,
		 va_list ap)
{
	char line[LINE_SIZE + 1], text[128];
	int saved = errno;
	size_t len = 0;

	line[0] = '\0';
	if (!use_syslog)
		add(line, &len, "%s: ", program);
	add(line, &len, "%s", kind);
	addv(line, &len, fmt, ap);
	if (err)
		add(line, &len, ": %s",
		    strerror_r(err < 0 ? -err : err, text, sizeof(text)));
	defuse(line);
	if (use_syslog) {
		syslog(priority, "%s", line);
	} else {
		line[len] = '\n';
		write_stderr(line, len + 1);
	}
	errno = saved;
}

void log_error(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_ERR, "", err, fmt, ap);
	va_end(ap);
}

void log_warning(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_WARNING, "warning: ", err, fmt, ap);
	va_end(ap);
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_INFO, "", 0, fmt, ap);
	va_end(ap);
}
