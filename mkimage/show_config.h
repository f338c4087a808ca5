/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of mkstencil show that is about an image's configuration.
 *
 * Thread safety: no state.  Errors: negative errno, logged.
 */
#ifndef STENCIL_MKIMAGE_SHOW_CONFIG_H
#define STENCIL_MKIMAGE_SHOW_CONFIG_H

#include <jansson.h>

/* What the configuration of NAME@VERSION says of a process: a new object, as
 * image_config_process() has it; *ret is NULL if the template has none. */
int show_config_read(int storefd, const char *name, const char *version,
		     json_t **ret);

/* Prints it to stdout; NULL is nothing to print. */
void show_config_print(const json_t *process);

#endif
