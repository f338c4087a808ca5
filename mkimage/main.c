// SPDX-License-Identifier: Apache-2.0
/* mkstencil: templates, built and looked after. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/store.h"
#include "mkimage/cmd.h"

enum { BUILD = 1, GC = 2, EXPORT = 4 };

static const struct command {
	const char *name;
	const char *args;
	int min_args, max_args;
	unsigned int id; /* for struct command_option, 0: takes none */
	int (*run)(const struct cmd_context *c, int argc, char **argv);
	const char *help;
} commands[] = {
	{ "build", "NAME SOURCE", 2, 2, BUILD, cmd_build,
	  "make a template of a directory, a tar, - (tar on stdin),\n"
	  "                         oci:DIR[:REF], docker-archive:FILE[:REF]" },
	{ "list", "", 0, 0, 0, cmd_list, "list templates and their versions" },
	{ "show", "NAME[@VERSION]", 1, 1, 0, cmd_show, "show one version" },
	{ "verify", "[NAME[@VERSION]]", 0, 1, 0, cmd_verify,
	  "read a version again, or all and the pool, and name what is damaged" },
	{ "diff", "A B", 2, 2, 0, cmd_diff,
	  "what differs between two versions, each NAME[@VERSION]" },
	{ "export", "NAME[@VERSION] DEST", 2, 2, EXPORT, cmd_export,
	  "write FILE.tar[.gz|.zst|.xz|.bz2], - or oci:DIR[:REF]" },
	{ "rm", "NAME[@VERSION]", 1, 1, 0, cmd_rm,
	  "remove a version, or all of a name, unless in use" },
	{ "gc", "", 0, 0, GC, cmd_gc, "free what nothing refers to" },
	{ "protect", "[on|off]", 0, 1, 0, cmd_protect,
	  "mount pool and templates read-only, or not, or say which" },
};

#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

enum {
	OPT_STORE = 1,
	OPT_JSON,
	OPT_MAX_SIZE,
	OPT_PLATFORM,
	OPT_PARANOID,
	OPT_COMPRESS,
	OPT_THREADS,
};

#define THREADS_MAX 256
#define HELP_COLUMN 22

static const struct option options[] = {
	{ "store", required_argument, NULL, OPT_STORE },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ "max-size", required_argument, NULL, OPT_MAX_SIZE },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "platform", required_argument, NULL, OPT_PLATFORM },
	{ "paranoid", no_argument, NULL, OPT_PARANOID },
	{ "compress", required_argument, NULL, OPT_COMPRESS },
	{ "threads", required_argument, NULL, OPT_THREADS },
	{ 0 },
};

/* Options that some commands have and others refuse. */
static const struct command_option {
	int option;
	unsigned int commands;
	const char *text, *help;
} command_options[] = {
	{ OPT_MAX_SIZE, BUILD, "--max-size=SIZE",
	  "build: refuse a source with more data than this" },
	{ 'n', GC, "-n, --dry-run", "gc: only tell" },
	{ OPT_PLATFORM, BUILD, "--platform=OS/ARCH[/VARIANT]",
	  "build: of an image, the one for this platform" },
	{ OPT_PARANOID, BUILD, "--paranoid",
	  "build: read also files that have not changed" },
	{ OPT_COMPRESS, EXPORT, "--compress=HOW",
	  "export: none, gzip, zstd, and for - xz or bzip2" },
	{ OPT_THREADS, BUILD, "--threads=N",
	  "build: threads that hash and write (default: one for each CPU)" },
};

#define NOPTIONS (sizeof(command_options) / sizeof(command_options[0]))

/* What is too long for its column has a line of its own. */
static void print_item(const char *text, const char *help)
{
	if (strlen(text) > HELP_COLUMN)
		printf("  %s\n  %-*s %s\n", text, HELP_COLUMN, "", help);
	else
		printf("  %-*s %s\n", HELP_COLUMN, text, help);
}

static void print_help(void)
{
	puts("Usage: mkstencil [--store=DIR] [--json] [-q] COMMAND\n"
	     "Build and look after templates for stencilfs.\n\n"
	     "Commands:");
	for (size_t i = 0; i < NCOMMANDS; i++) {
		char line[64];

		snprintf(line, sizeof(line), "%s %s", commands[i].name,
			 commands[i].args);
		print_item(line, commands[i].help);
	}
	printf("\nOptions, before or behind the command:\n"
	       "  --store=DIR            the store (default: $%s, or %s)\n"
	       "  --json                 print JSON\n"
	       "  -q, --quiet            no progress\n"
	       "  -h, --help             this text\n"
	       "  -V, --version          the program's version\n",
	       STORE_ENV, STORE_DEFAULT);
	for (size_t i = 0; i < NOPTIONS; i++)
		print_item(command_options[i].text, command_options[i].help);
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < NCOMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* What the command line said. */
struct parsed {
	const char *store;
	bool help, version;
	unsigned int given; /* bit i: command_options[i] */
};

static void note_given(struct parsed *p, int option)
{
	for (size_t i = 0; i < NOPTIONS; i++)
		if (command_options[i].option == option)
			p->given |= 1U << i;
}

/* An option's argument: 0, or CMD_USAGE after a message. */
static int set_size(const char *text, uint64_t *ret)
{
	int r = bytes_parse_size(text, ret);

	if (!r)
		return 0;
	log_error(0, "%s: not a size: digits, and K, M, G or T", text);
	return CMD_USAGE;
}

static int set_threads(const char *text, unsigned int *ret)
{
	uint64_t n;

	if (bytes_parse_u64(text, &n) || n < 1 || n > THREADS_MAX) {
		log_error(0, "%s: not a number of threads: 1 to %d", text,
			  THREADS_MAX);
		return CMD_USAGE;
	}
	*ret = (unsigned int)n;
	return 0;
}

static int parse_options(int argc, char **argv, struct parsed *p,
			 struct cmd_context *c)
{
	int o, r = 0;

	while (!r && (o = getopt_long(argc, argv, "qhnV", options, NULL)) !=
			     -1) {
		note_given(p, o);
		switch (o) {
		case OPT_STORE:
			p->store = optarg;
			break;
		case OPT_JSON:
			c->json = true;
			break;
		case 'q':
			c->quiet = true;
			break;
		case 'h':
			p->help = true;
			break;
		case 'V':
			p->version = true;
			break;
		case 'n':
			c->dry_run = true;
			break;
		case OPT_MAX_SIZE:
			r = set_size(optarg, &c->max_size);
			break;
		case OPT_PARANOID:
			c->paranoid = true;
			break;
		case OPT_PLATFORM:
			c->platform = optarg;
			break;
		case OPT_COMPRESS:
			c->compress = optarg;
			break;
		case OPT_THREADS:
			r = set_threads(optarg, &c->threads);
			break;
		default:
			r = CMD_USAGE; /* getopt_long(3) has told */
		}
	}
	c->store = store_path(p->store);
	return r;
}

/* Are the options and the number of arguments the command's? */
static int check_usage(const struct command *command, const struct parsed *p,
		       int nargs)
{
	if (nargs < command->min_args || nargs > command->max_args) {
		log_error(0, "usage: mkstencil %s%s%s", command->name,
			  command->args[0] ? " " : "", command->args);
		return CMD_USAGE;
	}
	for (size_t i = 0; i < NOPTIONS; i++) {
		const struct command_option *o = &command_options[i];

		if (!(p->given & 1U << i) || o->commands & command->id)
			continue;
		log_error(0, "%s: not an option of mkstencil %s", o->text,
			  command->name);
		return CMD_USAGE;
	}
	return 0;
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

static int run(int argc, char **argv, const struct parsed *p,
	       const struct cmd_context *context)
{
	const struct command *command;
	int r;

	if (!argc) {
		log_error(0, "a command is wanted: see mkstencil --help");
		return CMD_USAGE;
	}
	command = find(argv[0]);
	if (!command) {
		log_error(0, "%s: no such command", argv[0]);
		return CMD_USAGE;
	}
	r = check_usage(command, p, argc - 1);
	if (r)
		return r;
	raise_limits();
	return command->run(context, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	struct cmd_context context = { .max_size = UINT64_MAX };
	struct parsed parsed = { 0 };
	int r;

	log_init("mkstencil");
	argv[0] = (char *)"mkstencil"; /* what getopt_long(3) puts in front */
	/* Modes are set as they are meant to be. */
	context.umask = umask(0);
	r = parse_options(argc, argv, &parsed, &context);
	if (r)
		return r;
	if (parsed.help) {
		print_help();
		return cmd_flush();
	}
	if (parsed.version) {
		puts("mkstencil " STENCIL_VERSION);
		return cmd_flush();
	}
	return run(argc - optind, argv + optind, &parsed, &context);
}
