// SPDX-License-Identifier: Apache-2.0
/*
 * storm stat|read DIR LIST: stat(2), or open, read and close, of each file named
 * in LIST, one a line, relative to DIR.  As `git status` or a compiler does.
 */
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_all(int dir, const char *name)
{
	char buf[65536];
	int fd = openat(dir, name, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return -1;
	do {
		n = read(fd, buf, sizeof(buf));
	} while (n > 0);
	close(fd);
	return n < 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
	char name[4096];
	struct stat st;
	bool reading;
	FILE *list;
	int dir, r;

	if (argc != 4)
		errx(2, "usage: storm stat|read DIR LIST");
	reading = !strcmp(argv[1], "read");
	dir = open(argv[2], O_RDONLY | O_DIRECTORY);
	list = fopen(argv[3], "r");
	if (dir < 0 || !list)
		err(1, "%s, %s", argv[2], argv[3]);
	while (fgets(name, sizeof(name), list)) {
		name[strcspn(name, "\n")] = '\0';
		r = reading ? read_all(dir, name) :
			      fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW);
		if (r)
			err(1, "%s", name);
	}
	fclose(list);
	close(dir);
	return 0;
}
