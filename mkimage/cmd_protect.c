// SPDX-License-Identifier: Apache-2.0
/* protect: the read-only mode of the store, see base/protect.h. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/protect.h"
#include "base/store.h"
#include "mkimage/cmd.h"

static int print(const struct cmd_context *c)
{
	struct protect_state s;
	int r = protect_get(c->store, &s);

	if (r) {
		log_error(r, "%s", c->store);
		return CMD_FAILED;
	}
	if (c->json)
		return cmd_print_json(json_pack("{s:b, s:b}", "protected",
						s.wanted, "mounted",
						s.mounted));
	printf("%s%s\n", s.wanted ? "on" : "off",
	       s.wanted == s.mounted ? ""
	       : s.mounted	     ? ", but mounted read-only"
				     : ", but not mounted");
	return cmd_flush();
}

int cmd_protect(const struct cmd_context *c, int argc, char **argv)
{
	bool on = argc && !strcmp(argv[0], "on");
	int fd, r;

	if (argc && !on && strcmp(argv[0], "off")) {
		log_error(0, "%s: neither on nor off", argv[0]);
		return CMD_USAGE;
	}
	/* An empty store can be protected too. */
	fd = cmd_open_store(c, on);
	if (fd < 0)
		return CMD_FAILED;
	close(fd);
	if (!argc)
		return print(c);
	r = on ? protect_on(c->store) : protect_off(c->store);
	if (r) {
		log_error(r, "%s: cannot switch the protection %s", c->store,
			  argv[0]);
		return CMD_FAILED;
	}
	return c->json ? print(c) : CMD_OK;
}
