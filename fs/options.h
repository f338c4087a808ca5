/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the command line of stencilfs asks for.  Parsed once, immutable after.
 *
 * Thread safety: options_parse() before threads exist; reading, any time.
 * Ownership: options_release() frees all strings.  Errors: options_parse()
 * writes one line to stderr and returns -EINVAL (usage).
 */
#ifndef STENCIL_FS_OPTIONS_H
#define STENCIL_FS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

enum tristate { OPT_AUTO, OPT_ON, OPT_OFF };
enum transport { TRANSPORT_AUTO, TRANSPORT_URING, TRANSPORT_CLASSIC };

struct options {
	char *source;	  /* the positional SOURCE, or NULL */
	char *mountpoint; /* absolute */
	char **lowers;	  /* top first, as overlayfs; NULL-terminated */
	size_t nlowers;
	char *upper, *work;
	char *template, *container, *store; /* as written */
	char *cache;			    /* DIR, "none" or NULL */
	char *fsname;			    /* NULL: chosen from the source */
	char *context;			    /* SELinux label or NULL */
	enum transport transport;
	enum tristate passthrough;
	bool coherent, is_volatile, foreground, debug, readonly;
	struct bytes kernel_opts; /* nosuid,nodev,noexec,... for mount(2) */
	struct bytes unknown;	  /* comma-separated, logged, not an error */
	bool help, version;
};

int options_parse(int argc, char **argv, struct options *ret);

/* Parses one comma-separated -o string into ret (exported for the fuzzer).
 * *ret_why, if not NULL, gets a static or allocated text of what is wrong. */
int options_parse_string(const char *opts, struct options *ret, char **ret_why);

void options_release(struct options *o);
void options_usage(void);

#endif
