/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Printing: names that may hold anything (base/escape.h), and JSON.
 *
 * Thread safety: none needed.  Ownership: what is passed in stays the
 * caller's, but output_json() and output_set() take over the JSON value.
 * Errors: negative errno; a failed write to stdout shows in ferror(), which
 * main() checks.
 */
#ifndef STENCIL_CLI_OUTPUT_H
#define STENCIL_CLI_OUTPUT_H

#include <jansson.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/store.h"

/* Prints prefix, escaped name, newline. */
int output_name(const char *prefix, const char *name);

/* Sets key to the value, which may be NULL for lack of memory: -ENOMEM.
 * Takes over the value in any case. */
int output_set(json_t *obj, const char *key, json_t *value);

/* Prints the value and a newline; NULL is -ENOMEM.  Takes it over. */
int output_json(json_t *value);

/* Prints {id, mountpoint}. */
int output_mount(const char *id, const char *mountpoint);

/* A stack for people: NAME@twelve-digits, base first, joined by ':'.  Freed by
 * the caller; NULL without memory. */
char *output_stack(const struct template_stack *s);

/* The same as an array of {name, version}; NULL without memory. */
json_t *output_json_stack(const struct template_stack *s);

/* Seconds since the epoch as 2025-01-31T12:00:00Z. */
#define OUTPUT_TIME 24
void output_time(int64_t t, char buf[static OUTPUT_TIME]);

#endif
