// SPDX-License-Identifier: Apache-2.0
#include "mkimage/inodes.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

#define FIRST_SIZE 1024 /* sizes are powers of two, a third is kept free */

void inodes_release(struct inodes *t)
{
	free(t->slots);
	*t = (struct inodes){ NULL, 0, 0 };
}

/* Where it is, or would be. */
static struct inodes_slot *probe(const struct inodes *t, uint64_t ino)
{
	size_t i = XXH3_64bits(&ino, sizeof(ino)) & (t->size - 1);

	while (t->slots[i].ino && t->slots[i].ino != ino)
		i = (i + 1) & (t->size - 1);
	return &t->slots[i];
}

uint64_t *inodes_find(const struct inodes *t, uint64_t ino)
{
	struct inodes_slot *s = t->size ? probe(t, ino) : NULL;

	return s && s->ino ? &s->value : NULL;
}

static int grow(struct inodes *t)
{
	struct inodes more = { NULL, t->size ? 2 * t->size : FIRST_SIZE,
			       t->used };

	more.slots = calloc(more.size, sizeof(*more.slots));
	if (!more.slots)
		return -ENOMEM;
	for (size_t i = 0; i < t->size; i++)
		if (t->slots[i].ino)
			*probe(&more, t->slots[i].ino) = t->slots[i];
	free(t->slots);
	*t = more;
	return 0;
}

int inodes_get(struct inodes *t, uint64_t ino, uint64_t **ret)
{
	struct inodes_slot *s;
	int r = t->used >= t->size / 3 * 2 ? grow(t) : 0;

	if (r)
		return r;
	s = probe(t, ino);
	if (!s->ino) {
		s->ino = ino;
		t->used++;
	}
	*ret = &s->value;
	return 0;
}
