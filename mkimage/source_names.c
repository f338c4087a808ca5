// SPDX-License-Identifier: Apache-2.0
#include "mkimage/source_names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fileio.h"

/* So many are sorted together: some 300 KB for each level of the tree. */
#define PIECE 8192

int source_names_open(struct source_names *s, int fd)
{
	*s = (struct source_names){ 0 };
	return fileio_fdopendir(fd, &s->dir);
}

void source_names_close(struct source_names *s)
{
	closedir(s->dir);
	bytes_release(&s->text);
	free(s->names);
}

static int add(struct source_names *s, const struct dirent *entry)
{
	struct source_name *name;
	size_t at = s->text.len;
	int r;

	if (s->n == s->size) {
		size_t size = s->size ? 2 * s->size : 16;

		name = reallocarray(s->names, size, sizeof(*name));
		if (!name)
			return -ENOMEM;
		s->names = name;
		s->size = size;
	}
	r = bytes_add(&s->text, entry->d_name, strlen(entry->d_name) + 1);
	if (r)
		return r;
	name = &s->names[s->n++];
	name->ino = entry->d_ino;
	name->at = (uint32_t)at;
	name->directory = entry->d_type == DT_DIR;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	const struct source_name *x = a, *y = b;

	if (x->directory != y->directory)
		return x->directory ? 1 : -1;
	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	return x->at < y->at ? -1 : 1;
}

static int read_piece(struct source_names *s)
{
	struct dirent *entry;
	int r = 0;

	s->n = s->next = 0;
	s->text.len = 0;
	while (!r && s->n < PIECE) {
		errno = 0;
		entry = readdir(s->dir);
		if (!entry) {
			s->ended = !errno;
			r = -errno;
			break;
		}
		if (!fileio_is_dots(entry->d_name))
			r = add(s, entry);
	}
	if (s->n)
		qsort(s->names, s->n, sizeof(*s->names), compare_names);
	return r;
}

int source_names_next(struct source_names *s, const char **ret)
{
	int r = 0;

	if (s->next == s->n && !s->ended)
		r = read_piece(s);
	if (r)
		return r;
	if (s->next == s->n)
		return 0;
	*ret = s->text.data + s->names[s->next++].at;
	return 1;
}
