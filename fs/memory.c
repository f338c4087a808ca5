/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/memory.h"

#include <malloc.h>
#include <stdatomic.h>

/* About 6 MB: less is not worth the search for it. */
#define WORTH_TRIMMING 16384

/* Of the whole process, as the C library's memory is. */
static atomic_size_t freed;

/*
 * A search looks at all that is free.  So it is made once as many nodes have
 * been freed as are left: what it costs is then spread over those that were
 * freed, and what is kept is never more than is in use.
 */
void memory_freed(size_t nodes, size_t left)
{
	size_t sum = atomic_fetch_add(&freed, nodes) + nodes;

	if (sum < WORTH_TRIMMING || sum < left)
		return;
	/* One thread does it for all. */
	if (atomic_compare_exchange_strong(&freed, &sum, 0))
		malloc_trim(0);
}
