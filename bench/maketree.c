// SPDX-License-Identifier: Apache-2.0
/*
 * maketree DIR NDIRS NFILES SIZE: NDIRS directories d0, d1, ... below DIR (which
 * must exist), NFILES files f0, f1, ... of SIZE bytes in each.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned long number(const char *s)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	if (end == s || *end)
		errx(2, "not a number: %s", s);
	return v;
}

/* Different content for each, so that nothing is shared by accident. */
static void make_file(int dir, unsigned long d, unsigned long f, char *buf,
		      size_t size)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "f%lu", f);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (fd < 0)
		err(1, "%s", name);
	if (size) {
		memset(buf, 'x', size);
		snprintf(buf, size, "%lu.%lu", d, f);
		if (write(fd, buf, size) != (ssize_t)size)
			err(1, "writing %s", name);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	unsigned long ndirs, nfiles, size;
	char name[32], *buf;
	int root, dir;

	if (argc != 5)
		errx(2, "usage: maketree DIR NDIRS NFILES SIZE");
	ndirs = number(argv[2]);
	nfiles = number(argv[3]);
	size = number(argv[4]);
	buf = malloc(size + 1);
	root = open(argv[1], O_RDONLY | O_DIRECTORY);
	if (root < 0 || !buf)
		err(1, "%s", argv[1]);
	for (unsigned long d = 0; d < ndirs; d++) {
		snprintf(name, sizeof(name), "d%lu", d);
		if (mkdirat(root, name, 0755))
			err(1, "%s", name);
		dir = openat(root, name, O_RDONLY | O_DIRECTORY);
		if (dir < 0)
			err(1, "%s", name);
		for (unsigned long f = 0; f < nfiles; f++)
			make_file(dir, d, f, buf, size);
		close(dir);
	}
	free(buf);
	return 0;
}
