// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/store.h"
#include "cli/output.h"

enum { OPTION_TEMPLATE = 1 };

static const struct option options[] = {
	{ "template", required_argument, NULL, OPTION_TEMPLATE },
	{ 0 },
};

static int print_created(const struct cli *c, const char *id,
			 const struct template_stack *stack)
{
	_cleanup_free char *text = NULL;

	if (c->json)
		return output_json(json_pack("{s:s, s:o}", "id", id,
					     "templates",
					     output_json_stack(stack)));
	if (c->quiet)
		return 0;
	text = output_stack(stack);
	if (!text)
		return -ENOMEM;
	printf("%s on %s\n", id, text);
	return 0;
}

/* The stack's references get their versions.  -errno, logged. */
static int resolve(int storefd, struct template_stack *stack)
{
	size_t at = 0;
	int r = template_stack_resolve(storefd, stack, &at);
	const struct template_ref *ref = &stack->refs[at < stack->n ? at : 0];
	const char *version = ref->version ? ref->version : "";

	if (r == -ENOENT)
		log_error(0, "%s%s%s: no such template", ref->name,
			  *version ? "@" : "", version);
	else if (r == -ENOTUNIQ)
		log_error(0, "%s@%s: more than one version starts so",
			  ref->name, version);
	else if (r)
		log_error(r, "cannot find the templates");
	return r;
}

static int create(struct cli *c, const char *id, struct template_stack *stack)
{
	int r, status = cli_open_store(c);

	if (status)
		return status;
	if (resolve(c->storefd, stack))
		return EXIT_FAILED;
	r = container_create(c->storefd, id, stack);
	if (!r)
		r = print_created(c, id, stack);
	if (r)
		log_error(r, "cannot create container %s", id);
	return r ? EXIT_FAILED : EXIT_DONE;
}

int cmd_create(struct cli *c, int argc, char **argv)
{
	struct template_stack stack = { 0 };
	const char *template = NULL;
	int opt, status;

	while ((opt = cli_getopt(c, argc, argv, "", options)) != -1) {
		if (opt != OPTION_TEMPLATE)
			return EXIT_USAGE;
		template = optarg;
	}
	status = cli_count(argc, argv, 1);
	if (status)
		return status;
	if (!template) {
		log_error(0, "create: --template=NAME is missing");
		return EXIT_USAGE;
	}
	if (!store_container_name_ok(argv[optind])) {
		log_error(0, "%s: not a container's name", argv[optind]);
		return EXIT_USAGE;
	}
	if (template_stack_parse(template, &stack)) {
		log_error(0, "%s: not a stack of templates", template);
		return EXIT_USAGE;
	}
	status = create(c, argv[optind], &stack);
	template_stack_release(&stack);
	return status;
}
