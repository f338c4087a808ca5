/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands of mkstencil: each in cmd_NAME.c, listed in main.c.
 *
 * A command gets its own arguments, without the name, in the number that the
 * table allows; it logs what fails and returns an exit status.
 */
#ifndef STENCIL_MKIMAGE_CMD_H
#define STENCIL_MKIMAGE_CMD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

struct cmd_context {
	const char *store; /* path */
	bool json, quiet;
	bool dry_run;	   /* of gc */
	uint64_t max_size; /* of build: bytes of data, UINT64_MAX for no limit */
	unsigned int threads; /* of build: 0 for one for each CPU */
	bool paranoid;	      /* of build: reads what the memo knows, too */
	const char *platform; /* of build: as written; NULL for this machine's */
	const char *compress; /* of export, or NULL */
	mode_t umask; /* what the user's was */
};

/* Digits of a version that people are shown. */
#define CMD_SHORT_VERSION 12

enum { CMD_OK = 0, CMD_FAILED = 1, CMD_USAGE = 2 };

int cmd_build(const struct cmd_context *c, int argc, char **argv);
int cmd_list(const struct cmd_context *c, int argc, char **argv);
int cmd_show(const struct cmd_context *c, int argc, char **argv);
int cmd_verify(const struct cmd_context *c, int argc, char **argv);
int cmd_diff(const struct cmd_context *c, int argc, char **argv);
int cmd_export(const struct cmd_context *c, int argc, char **argv);
int cmd_rm(const struct cmd_context *c, int argc, char **argv);
int cmd_gc(const struct cmd_context *c, int argc, char **argv);
int cmd_protect(const struct cmd_context *c, int argc, char **argv);

/* The store, O_PATH; -1 after a message. */
int cmd_open_store(const struct cmd_context *c, bool create);

/* The same for who writes to the pool or templates, also where the store is
 * protected; before other threads, and other descriptors of the store. */
int cmd_open_store_to_write(const struct cmd_context *c, bool create);

/* Prints and releases it (NULL: no memory).  An exit status. */
int cmd_print_json(json_t *json);

/* The message for a NAME[@VERSION] that was refused with r.  An exit status. */
int cmd_bad_reference(const char *text, int r);

/* stdout is written, or the reason is told.  An exit status. */
int cmd_flush(void);

#endif
