/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every command of stencilctl is given and calls: the global options,
 * the store, its arguments.
 *
 * Thread safety: stencilctl has one thread.  Ownership: main() owns struct
 * cli; commands borrow it.  Errors: a command logs what failed and returns
 * the program's exit status.
 */
#ifndef STENCIL_CLI_CLI_H
#define STENCIL_CLI_CLI_H

#include <getopt.h>
#include <stdbool.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct cli {
	const char *store; /* --store, or NULL: base/store.h decides */
	bool json;
	bool quiet;
	int storefd; /* -1 until cli_open_store() */
};

/*
 * The next option of a command: getopt_long(3) with the global options taken
 * care of, so that they may stand after the command too.  `shorts` and `own`
 * are the command's (own ends with a zero entry).  Returns the option's value,
 * -1 after the last one, or '?' after a logged usage error.
 */
int cli_getopt(struct cli *c, int argc, char **argv, const char *shorts,
	       const struct option *own);

/* For a command without options of its own: takes the global ones and checks
 * that `n` arguments are left, which then start at argv[optind].  EXIT_DONE
 * or, logged, EXIT_USAGE. */
int cli_arguments(struct cli *c, int argc, char **argv, int n);

/* Checks the count of the arguments that follow the options. */
int cli_count(int argc, char **argv, int n);

/* Opens the store into c->storefd.  EXIT_DONE or, logged, EXIT_FAILED. */
int cli_open_store(struct cli *c);

/* The store, and in it the container `id`, are there.  EXIT_DONE or, logged,
 * EXIT_FAILED or EXIT_USAGE (for what cannot be a name). */
int cli_open_container(struct cli *c, const char *id);

/* One function for each command: argv[0] is the command's name. */
int cmd_create(struct cli *c, int argc, char **argv);
int cmd_mount(struct cli *c, int argc, char **argv);
int cmd_umount(struct cli *c, int argc, char **argv);
int cmd_list(struct cli *c, int argc, char **argv);
int cmd_show(struct cli *c, int argc, char **argv);
int cmd_rm(struct cli *c, int argc, char **argv);
int cmd_diff(struct cli *c, int argc, char **argv);

#endif
