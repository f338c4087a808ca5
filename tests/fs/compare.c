/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a script of file operations (script.h) and prints each line with its
 * result: two file systems behave the same if the outputs are equal.
 *
 *	compare DIRECTORY [SCRIPT]		the script's default: stdin
 *
 * A comment begins a group of lines, which starts with nothing open and, if
 * DIRECTORY has subdirectories 1, 2, 3..., in the next of them: a group does
 * not depend on what others did.
 */
#include "tests/fs/script_ops.h"

static int open_root(int dir, unsigned group)
{
	char name[16];
	int fd;

	snprintf(name, sizeof(name), "%u", group);
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) :
			fd;
}

int main(int argc, char **argv)
{
	char line[SCRIPT_LINE];
	unsigned group = 0;
	struct script s;
	FILE *in;
	int dir;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: compare DIRECTORY [SCRIPT]\n");
		return 2;
	}
	dir = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	in = argc == 3 ? fopen(argv[2], "re") : stdin;
	if (dir < 0 || !in) {
		perror(argv[dir < 0 ? 1 : 2]);
		return 2;
	}
	script_init(&s, open_root(dir, 0));
	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "# ", 2)) {
			script_release(&s);
			close(s.root);
			script_init(&s, open_root(dir, ++group));
		}
		if (!*line || *line == '#') {
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
