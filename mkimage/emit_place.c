// SPDX-License-Identifier: Apache-2.0
/*
 * Written files into the pool, in the order of digests, so that those with the
 * same content meet, and always in the order of their paths.  Digests are cut
 * into ranges, each a job.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "mkimage/emit_types.h"
#include "mkimage/memo.h"
#include "mkimage/pipeline.h"
#include "mkimage/pool.h"
#include "mkimage/progress.h"
#include "mkimage/stop.h"

#define RANGE_MIN 64 /* files: smaller jobs would not be worth it */
#define RANGES 64

struct place_job {
	struct pipeline_job job; /* first: pipeline.h */
	struct emit *emit;
	size_t from, to;
	struct emit_totals totals;
};

static struct emit_key *keys_of(const struct emit *e)
{
	return (struct emit_key *)e->keys.data;
}

static int compare(const void *a, const void *b)
{
	const struct emit_key *x = a, *y = b;

	if (x->digest != y->digest)
		return x->digest < y->digest ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* As qsort(3), whose copy of everything would be the most of our memory: cut
 * in place by the digest's first byte, and then each piece. */
static void sort_keys(struct emit_key *keys, size_t n)
{
	size_t end[257] = { 0 }, next[256];

	for (size_t i = 0; i < n; i++)
		end[(keys[i].digest >> 56) + 1]++;
	for (int b = 0; b < 256; b++) {
		end[b + 1] += end[b];
		next[b] = end[b];
	}
	for (size_t b = 0; b < 256; b++) {
		while (next[b] < end[b + 1]) {
			struct emit_key *k = &keys[next[b]], swap = *k;
			size_t to = swap.digest >> 56;

			if (to == b) {
				next[b]++;
				continue;
			}
			*k = keys[next[to]];
			keys[next[to]++] = swap;
		}
	}
	for (int b = 0; b < 256; b++)
		if (end[b + 1] > end[b])
			qsort(keys + end[b], end[b + 1] - end[b],
			      sizeof(*keys), compare);
}

static int get_sha1(const struct emit *e, const struct emit_key *k,
		    struct sha1 *ret, uint64_t *ret_size)
{
	struct manifest_entry entry;
	int r = tree_get(e->tree, k->node, &entry, NULL);

	if (r)
		return r;
	*ret = entry.sha1;
	if (ret_size)
		*ret_size = entry.size;
	manifest_entry_release(&entry);
	return 0;
}

/* Without its record a file sorts anywhere: it is going to fail anyway. */
static int compare_whole(const void *a, const void *b, void *arg)
{
	struct sha1 x = { { 0 } }, y = { { 0 } };
	int c;

	(void)get_sha1(arg, a, &x, NULL);
	(void)get_sha1(arg, b, &y, NULL);
	c = memcmp(&x, &y, sizeof(x));
	return c ? c : compare(a, b);
}

/* Keys whose digests begin alike: nearly always they are the same, but may be
 * made to differ. */
static int sort_alike(struct emit *e, struct emit_key *keys, size_t n)
{
	struct sha1 first, sha1;
	bool mixed = false;
	int r = get_sha1(e, keys, &first, NULL);

	for (size_t i = 1; i < n && !r && !mixed; i++) {
		r = get_sha1(e, &keys[i], &sha1, NULL);
		mixed = !r && memcmp(&first, &sha1, sizeof(first));
	}
	if (mixed)
		qsort_r(keys, n, sizeof(*keys), compare_whole, e);
	return r;
}

static int sort(struct emit *e, struct emit_key *keys, size_t n)
{
	int r = 0;

	sort_keys(keys, n);
	for (size_t i = 0, end; i < n && !r; i = end) {
		for (end = i + 1; end < n && keys[end].digest == keys[i].digest;)
			end++;
		if (end > i + 1)
			r = sort_alike(e, keys + i, end - i);
	}
	return r;
}

/* The file was replaced under its first name: the others follow. */
static int relink(struct emit *e, struct pool_run *run,
		  const struct emit_group *g, const char *first)
{
	_cleanup_bytes struct bytes path = BYTES_INIT;
	int r = 0;

	for (uint32_t i = 1; i < g->n && !r; i++) {
		path.len = 0;
		r = tree_path(e->tree, emit_group_name(e, g, i), &path);
		if (!r)
			r = pool_relink(run, e->options.rootfd, first,
					path.data);
	}
	return r;
}

static void count(struct emit_totals *t, int placed, uint64_t size)
{
	if (placed == POOL_SHARED)
		t->shared++;
	if (placed == POOL_CLONED)
		t->reflinked += size;
	else
		t->written += size;
}

static int place_file(struct place_job *p, struct pool_run *run,
		      struct emit_key *k, const char *path)
{
	struct emit *e = p->emit;
	const struct emit_group *g = emit_find_group(e, k->node);
	struct sha1 sha1;
	uint64_t size;
	int r = get_sha1(e, k, &sha1, &size);

	if (r)
		return r;
	r = pool_place(run, e->options.rootfd, path, &sha1,
		       tree_nlink(e->tree, k->node));
	if (r < 0)
		return r;
	k->order = emit_placed(r, pool_placed_at(run));
	count(&p->totals, r, size);
	return r != POOL_NEW && g ? relink(e, run, g, path) : 0;
}

static int place_range(struct pipeline_job *job)
{
	struct place_job *p = (struct place_job *)job;
	_cleanup_bytes struct bytes path = BYTES_INIT;
	struct emit *e = p->emit;
	struct pool_run *run;
	int r = pool_run_new(&run, e->options.pool);

	if (r)
		return emit_failed(e, r, "the pool");
	for (size_t i = p->from; i < p->to && !r; i++) {
		struct emit_key *k = &keys_of(e)[i];

		path.len = 0;
		r = tree_path(e->tree, k->node, &path);
		if (!r)
			r = stop_requested();
		if (!r)
			r = place_file(p, run, k, path.data);
		if (r)
			emit_failed(e, r, path.data);
	}
	pool_run_free(run);
	return r;
}

static int submit_range(struct emit *e, size_t from, size_t to)
{
	struct place_job *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	p->job.run = place_range;
	p->emit = e;
	p->from = from;
	p->to = to;
	r = pipeline_submit(e->pipeline, &p->job, true);
	if (r)
		free(p);
	return r;
}

static int submit_ranges(struct emit *e, size_t n)
{
	const struct emit_key *keys = keys_of(e);
	size_t step = n / RANGES > RANGE_MIN ? n / RANGES : RANGE_MIN;
	int r = 0;

	for (size_t from = 0, to; from < n && !r; from = to) {
		to = n - from > step ? from + step : n;
		/* One digest, one job. */
		while (to < n && keys[to].digest == keys[to - 1].digest)
			to++;
		r = submit_range(e, from, to);
	}
	return r;
}

static int collect_ranges(struct emit *e)
{
	struct pipeline_job *job;

	while ((job = pipeline_done(e->pipeline, true))) {
		struct place_job *p = (struct place_job *)job;

		e->totals.shared += p->totals.shared;
		e->totals.written += p->totals.written;
		e->totals.reflinked += p->totals.reflinked;
		free(p);
	}
	return pipeline_error(e->pipeline);
}

int emit_place(struct emit *e)
{
	size_t n = e->keys.len / sizeof(struct emit_key);
	int r, collected;

	if (!n)
		return 0;
	r = sort(e, keys_of(e), n);
	progress_phase(e->options.progress, "waiting for a removal to end");
	if (!r)
		r = pool_enter(e->options.pool);
	progress_phase(e->options.progress, "placing them in the pool");
	if (r)
		return emit_failed(e, r, "the pool");
	r = submit_ranges(e, n);
	if (r)
		emit_failed(e, r, "the pool");
	collected = collect_ranges(e);
	pool_leave(e->options.pool);
	return r ? r : collected;
}
