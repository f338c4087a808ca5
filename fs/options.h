/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the command line of stencilfs asks for.  Parsed once, immutable after.
 *
 * Thread safety: options_parse() before threads exist; reading, any time.
 * Ownership: options_release() frees all strings, also of a half-parsed
 * structure.  Errors: options_parse() writes one line to stderr and returns
 * -EINVAL (usage) or -ENOMEM; options_parse_string() stays silent.
 */
#ifndef STENCIL_FS_OPTIONS_H
#define STENCIL_FS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

enum tristate { OPT_AUTO, OPT_ON, OPT_OFF };
enum transport_choice { TRANSPORT_AUTO, TRANSPORT_URING, TRANSPORT_CLASSIC };

struct options {
	char *source;	  /* the positional SOURCE, or NULL */
	char *mountpoint; /* absolute */
	char **lowers;	  /* top first, as overlayfs; NULL-terminated */
	size_t nlowers;
	char *upper, *work;
	char *template, *container, *store; /* as written */
	char *cache;			    /* DIR, "none" or NULL */
	char *shared;			    /* DIR:DIR..., or NULL */
	char *fsname;			    /* NULL: chosen from the source */
	enum transport_choice transport;
	enum tristate passthrough;
	bool coherent, is_volatile, foreground, debug, readonly;
	bool allow_other;	  /* asked for; root mounts have it anyway */
	struct bytes kernel_opts; /* nosuid,noexec,context=... in the form of
				     libfuse's -o (commas escaped) */
	struct bytes unknown;	  /* comma-separated, logged, not an error */
	bool help, version;
};

/* With help or version set, nothing else is checked or needed. */
int options_parse(int argc, char **argv, struct options *ret);

/*
 * Parses one comma-separated -o string into `o`, which may hold the results of
 * earlier ones (a later value replaces an earlier one).  On error *ret_why, if
 * not NULL, gets a text of what is wrong, which the caller frees (NULL without
 * memory).  -EINVAL, -ENOMEM.
 */
int options_parse_string(const char *opts, struct options *o, char **ret_why);

/* What must hold between options, errors as above. */
int options_check(const struct options *o, char **ret_why);

void options_release(struct options *o);

/* The help text, on stdout. */
void options_usage(void);

#endif
