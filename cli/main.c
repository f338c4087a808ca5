// SPDX-License-Identifier: Apache-2.0
/* stencilctl: the table of commands, and what is common to them. */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/store.h"

static const struct {
	const char *name;
	int (*function)(struct cli *c, int argc, char **argv);
	const char *arguments;
	const char *help;
} commands[] = {
	{ "create", cmd_create, "ID --template=NAME[@VERSION][:NAME...]",
	  "make a container on a stack of templates, base first" },
	{ "mount", cmd_mount, "ID MOUNTPOINT [-o OPTIONS]",
	  "mount its root; returns when the root answers" },
	{ "umount", cmd_umount, "ID [-l]",
	  "unmount it; returns when everything is on disk" },
	{ "list", cmd_list, "", "all containers" },
	{ "show", cmd_show, "ID", "one container: record, state, usage" },
	{ "rm", cmd_rm, "ID", "remove a container that is not mounted" },
	{ "diff", cmd_diff, "ID",
	  "what it changed: A added, C changed, D deleted" },
};

enum { OPTION_STORE = 0x1000, OPTION_JSON, OPTION_HELP, OPTION_VERSION };

static const struct option global_options[] = {
	{ "store", required_argument, NULL, OPTION_STORE },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
};

#define N_GLOBAL (sizeof(global_options) / sizeof(global_options[0]))
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))
#define OPTIONS_MAX 16
#define SHORTS_MAX 16

static void print_usage(FILE *f)
{
	size_t i;

	fprintf(f, "usage: stencilctl [--store=DIR] [--json] [-q] COMMAND\n");
	for (i = 0; i < N_COMMANDS; i++)
		fprintf(f, "  %s%s%s\n        %s\n", commands[i].name,
			commands[i].arguments[0] ? " " : "",
			commands[i].arguments, commands[i].help);
	fprintf(f, "The store is --store, else $%s, else %s.\n", STORE_ENV,
		STORE_DEFAULT);
}

/* All output is checked at the end: a full disk must not pass for success. */
static int finish(int status)
{
	if (fflush(stdout) || ferror(stdout)) {
		log_error(-errno, "cannot write the output");
		return EXIT_FAILED;
	}
	return status;
}

static int take_global(struct cli *c, int opt)
{
	switch (opt) {
	case OPTION_STORE:
		c->store = optarg;
		break;
	case OPTION_JSON:
		c->json = true;
		break;
	case 'q':
		c->quiet = true;
		break;
	case OPTION_HELP:
		print_usage(stdout);
		exit(finish(EXIT_DONE));
	case OPTION_VERSION:
		printf("stencilctl %s\n", STENCIL_VERSION);
		exit(finish(EXIT_DONE));
	default:
		return 0;
	}
	return 1;
}

static void log_bad_option(int opt, char **argv, const char *shorts)
{
	if (opt == ':')
		log_error(0, "%s: an argument is missing", argv[optind - 1]);
	else if (optopt && optopt < OPTION_STORE && !strchr(shorts, optopt))
		log_error(0, "-%c: unknown option", optopt);
	else
		log_error(0, "%s: %s", argv[optind - 1],
			  optopt ? "takes no argument" : "unknown option");
}

int cli_getopt(struct cli *c, int argc, char **argv, const char *shorts,
	       const struct option *own)
{
	struct option all[OPTIONS_MAX] = { { 0 } };
	char all_shorts[SHORTS_MAX];
	const char *order = shorts[0] == '+' ? "+" : "";
	size_t n = 0;
	int opt;

	memcpy(all, global_options, sizeof(global_options));
	for (; own && own[n].name && N_GLOBAL + n < OPTIONS_MAX - 1; n++)
		all[N_GLOBAL + n] = own[n];
	snprintf(all_shorts, sizeof(all_shorts), "%s:q%s", order,
		 shorts + strlen(order));
	opterr = 0;
	for (;;) {
		opt = getopt_long(argc, argv, all_shorts, all, NULL);
		if (opt == '?' || opt == ':') {
			log_bad_option(opt, argv, all_shorts);
			return '?';
		}
		if (opt == -1 || !take_global(c, opt))
			return opt;
	}
}

int cli_count(int argc, char **argv, int n)
{
	if (argc - optind == n)
		return EXIT_DONE;
	log_error(0, "%s: %s: see stencilctl --help", argv[0],
		  argc - optind < n ? "too few arguments" :
				      "too many arguments");
	return EXIT_USAGE;
}

int cli_arguments(struct cli *c, int argc, char **argv, int n)
{
	if (cli_getopt(c, argc, argv, "", NULL) != -1)
		return EXIT_USAGE;
	return cli_count(argc, argv, n);
}

int cli_open_store(struct cli *c)
{
	const char *path = store_path(c->store);
	int fd = store_open(path, false);

	if (fd < 0) {
		log_error(fd, "cannot open store %s", path);
		return EXIT_FAILED;
	}
	c->storefd = fd;
	return EXIT_DONE;
}

int cli_open_container(struct cli *c, const char *id)
{
	_cleanup_fd int fd = -1;
	int status;

	if (!store_container_name_ok(id)) {
		log_error(0, "%s: not a container's name", id);
		return EXIT_USAGE;
	}
	status = cli_open_store(c);
	if (status)
		return status;
	fd = container_open(c->storefd, id);
	if (fd == -ENOENT)
		log_error(0, "%s: no such container", id);
	else if (fd < 0)
		log_error(fd, "cannot open container %s", id);
	return fd < 0 ? EXIT_FAILED : EXIT_DONE;
}

static int run(struct cli *c, int argc, char **argv)
{
	size_t i;

	for (i = 0; i < N_COMMANDS; i++) {
		if (strcmp(argv[0], commands[i].name))
			continue;
		/* Zero makes glibc start anew, with argv[0] as the program. */
		optind = 0;
		return commands[i].function(c, argc, argv);
	}
	log_error(0, "%s: no such command: see stencilctl --help", argv[0]);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct cli c = { .storefd = -1 };
	int status;

	log_init("stencilctl");
	/* A '+' ends the scan at the command: the rest is the command's. */
	if (cli_getopt(&c, argc, argv, "+", NULL) != -1)
		return EXIT_USAGE;
	if (optind == argc) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	status = finish(run(&c, argc - optind, argv + optind));
	cleanup_fd(&c.storefd);
	return status;
}
