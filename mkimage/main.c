// SPDX-License-Identifier: Apache-2.0
/* mkstencil: templates, built and looked after. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/store.h"
#include "mkimage/cmd.h"

static const struct command {
	const char *name;
	const char *args;
	int nargs;
	int (*run)(const struct cmd_context *c, int argc, char **argv);
	const char *help;
} commands[] = {
	{ "build", "NAME SOURCE", 2, cmd_build,
	  "make a template of a directory, a tar, or - (tar on stdin)" },
	{ "list", "", 0, cmd_list, "list templates and their versions" },
	{ "show", "NAME[@VERSION]", 1, cmd_show, "show one version" },
	{ "rm", "NAME[@VERSION]", 1, cmd_rm,
	  "remove a version, or all of a name, unless in use" },
};

#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

enum { OPT_STORE = 1, OPT_JSON };

static const struct option options[] = {
	{ "store", required_argument, NULL, OPT_STORE },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

static void print_help(void)
{
	puts("Usage: mkstencil [--store=DIR] [--json] [-q] COMMAND\n"
	     "Build and look after templates for stencilfs.\n\n"
	     "Commands:");
	for (size_t i = 0; i < NCOMMANDS; i++) {
		char line[64];

		snprintf(line, sizeof(line), "%s %s", commands[i].name,
			 commands[i].args);
		printf("  %-22s %s\n", line, commands[i].help);
	}
	printf("\nOptions, before or behind the command:\n"
	       "  --store=DIR            the store (default: $%s, or %s)\n"
	       "  --json                 print JSON\n"
	       "  -q, --quiet            no progress\n"
	       "  -h, --help             this text\n"
	       "  -V, --version          the program's version\n",
	       STORE_ENV, STORE_DEFAULT);
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < NCOMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* -1 to go on, or an exit status. */
static int parse_options(int argc, char **argv, struct cmd_context *c)
{
	const char *store = NULL;
	int o;

	while ((o = getopt_long(argc, argv, "qhV", options, NULL)) != -1) {
		switch (o) {
		case OPT_STORE:
			store = optarg;
			break;
		case OPT_JSON:
			c->json = true;
			break;
		case 'q':
			c->quiet = true;
			break;
		case 'h':
			print_help();
			return cmd_flush();
		case 'V':
			puts("mkstencil " STENCIL_VERSION);
			return cmd_flush();
		default:
			/* getopt_long(3) has told. */
			return CMD_USAGE;
		}
	}
	c->store = store_path(store);
	return -1;
}

/* A directory is read, and written, with one descriptor a level. */
static void raise_limits(void)
{
	struct rlimit l;

	if (!getrlimit(RLIMIT_NOFILE, &l)) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
	}
}

int main(int argc, char **argv)
{
	struct cmd_context context = { 0 };
	const struct command *command;
	int r;

	log_init("mkstencil");
	argv[0] = (char *)"mkstencil"; /* what getopt_long(3) puts in front */
	r = parse_options(argc, argv, &context);
	if (r >= 0)
		return r;
	argc -= optind;
	argv += optind;
	if (!argc) {
		log_error(0, "a command is wanted: see mkstencil --help");
		return CMD_USAGE;
	}
	command = find(argv[0]);
	if (!command) {
		log_error(0, "%s: no such command", argv[0]);
		return CMD_USAGE;
	}
	if (argc - 1 != command->nargs) {
		log_error(0, "usage: mkstencil %s %s", command->name,
			  command->args);
		return CMD_USAGE;
	}
	/* Modes are set as they are meant to be. */
	umask(0);
	raise_limits();
	return command->run(&context, argc - 1, argv + 1);
}
