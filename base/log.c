// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

/* Two paths of any length and what is wrong with them. */
#define LINE_SIZE (3 * 4096)
#define REASON_SIZE 128

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

/* Length of the character of UTF-8 that s begins with; 0 if it is none, or C1,
 * which is to a terminal what the control characters of ASCII are. */
static size_t character(const unsigned char *s)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2
		   : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

	if (s[0] < ' ' || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0))
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* File names come from strangers: what they hold must neither start a second
 * line nor steer a terminal, whatever it takes single bytes for. */
static void defuse(char *line)
{
	unsigned char *s = (unsigned char *)line;

	while (*s) {
		size_t n = character(s);

		if (!n)
			*s = '?';
		s += n ? n : 1;
	}
}

/* Appends at *len; the text is cut where the line is full, but for a reason
 * that is to follow. */
static void addv(char *line, size_t *len, size_t size, const char *fmt,
		 va_list ap)
{
	int n = vsnprintf(line + *len, size - *len, fmt, ap);

	if (n < 0)
		return;
	*len += n;
	if (*len > size - 1)
		*len = size - 1;
}

static void __attribute__((format(printf, 3, 4)))
add(char *line, size_t *len, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	addv(line, len, LINE_SIZE, fmt, ap);
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
	char line[LINE_SIZE + 1], text[REASON_SIZE];
	int saved = errno;
	size_t len = 0;

	line[0] = '\0';
	if (!use_syslog)
		add(line, &len, "%s: ", program);
	add(line, &len, "%s", kind);
	addv(line, &len, LINE_SIZE - REASON_SIZE - 2, fmt, ap);
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
