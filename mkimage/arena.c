// SPDX-License-Identifier: Apache-2.0
#include "mkimage/arena.h"

#include <errno.h>
#include <sys/mman.h>

#define FIRST_SIZE (1 << 20)

/* By mmap(2): realloc(3) would copy, and what is behind the end is no memory
 * before it is touched. */
static int grow(struct arena *a, size_t need)
{
	size_t size = a->size ? a->size : FIRST_SIZE;
	void *data;

	while (size < need)
		size *= 2;
	if (a->data)
		data = mremap(a->data, a->size, size, MREMAP_MAYMOVE);
	else
		data = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (data == MAP_FAILED)
		return -ENOMEM;
	a->data = data;
	a->size = size;
	return 0;
}

int arena_add(struct arena *a, size_t len, size_t *ret)
{
	if (len > a->size - a->len) {
		int r = grow(a, a->len + len);

		if (r)
			return r;
	}
	*ret = a->len;
	a->len += len;
	return 0;
}

void arena_release(struct arena *a)
{
	if (a->data)
		munmap(a->data, a->size);
	*a = (struct arena){ NULL, 0, 0 };
}
