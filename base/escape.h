/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that may hold any byte, for people's terminals and for JSON.
 *
 * Thread safety: no state.  Ownership: what is passed in stays the caller's.
 * Errors: negative errno.
 */
#ifndef STENCIL_BASE_ESCAPE_H
#define STENCIL_BASE_ESCAPE_H

#include <jansson.h>

#include "base/bytes.h"

/* Appends `name` as `ls -b` shows control characters and backslashes. */
int escape_name(const char *name, struct bytes *out);

/*
 * Sets key to the name as it is.  JSON holds Unicode only: a name that is not
 * UTF-8 is set escaped, and its bytes in hexadecimal under KEY_hex.
 */
int escape_json_name(json_t *obj, const char *key, const char *name);

/* Undoes the octal escapes of /proc/PID/mountinfo, in place. */
void escape_undo_octal(char *s);

#endif
