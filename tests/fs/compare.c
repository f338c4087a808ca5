/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a script of file operations (script.h) in a directory and prints each
 * line with its result.
 *
 *	compare DIRECTORY [SCRIPT]		the script's default: stdin
 *
 * Two file systems behave the same if the outputs are equal.  Lines that are
 * empty or start with # are printed as they are: they separate the groups.
 * Between groups ("# ...") descriptors and mappings are closed, so that a
 * group can be understood alone.
 */
#include "tests/fs/script_ops.h"

int main(int argc, char **argv)
{
	char line[SCRIPT_LINE];
	struct script s;
	FILE *in;
	int root;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: compare DIRECTORY [SCRIPT]\n");
		return 2;
	}
	root = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0) {
		perror(argv[1]);
		return 2;
	}
	in = argc == 3 ? fopen(argv[2], "re") : stdin;
	if (!in) {
		perror(argv[2]);
		return 2;
	}
	script_init(&s, root);
	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		if (!*line || *line == '#') {
			script_release(&s);
			umask(022);
			printf("%s\n", line);
			continue;
		}
		script_run(&s, line);
		printf("%s %s\n", line, s.out);
		fflush(stdout);
	}
	script_release(&s);
	return ferror(in) || ferror(stdout) || fflush(stdout) ? 1 : 0;
}
