// SPDX-License-Identifier: Apache-2.0
#include "mkimage/pipeline.h"

#include "tests/unit/unit.h"

#include <errno.h>

#define ROUNDS 500
#define CHUNKS 64
#define SIZE 512

struct counted {
	struct pipeline_job job;
	uint64_t sum;
	int error; /* what it is to fail with, after its first chunk */
};

static int run(struct pipeline_job *job)
{
	struct counted *c = (struct counted *)job;
	struct chunk *chunk;
	int r;

	while ((r = pipeline_next_chunk(job, &chunk)) > 0) {
		c->sum += chunk->len;
		pipeline_free_chunk(job->pipeline, chunk);
		if (c->error)
			r = c->error;
		if (r < 0)
			break;
	}
	pipeline_drop_chunks(job->pipeline, job);
	return r;
}

/* Chunks for a job that may end before it has got them all. */
static int feed(struct pipeline *p, struct counted *c)
{
	int r = 0;

	for (int i = 0; i < CHUNKS && !r; i++) {
		struct chunk *chunk;

		r = pipeline_chunk(p, SIZE, &chunk);
		if (r)
			break;
		chunk->len = SIZE;
		pipeline_add(&c->job, chunk);
	}
	return r;
}

static void collect(struct pipeline *p, struct counted *c)
{
	assert_ptr_equal(pipeline_done(p, true), &c->job);
	pipeline_drop_chunks(p, &c->job);
	assert_null(pipeline_done(p, true));
}

static void all_data(void **state)
{
	struct counted c = { .job.run = run };
	struct pipeline *p;

	assert_int_equal(pipeline_new(&p, 2), 0);
	assert_int_equal(pipeline_submit(p, &c.job, false), 0);
	assert_int_equal(feed(p, &c), 0);
	pipeline_complete(&c.job);
	collect(p, &c);
	assert_int_equal(pipeline_error(p), 0);
	assert_int_equal(c.sum, CHUNKS * SIZE);
	pipeline_free(p);
}

/* The worker gives up, and drops what it has, while more is being added. */
static void fails_while_fed(void **state)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct counted c = { .job.run = run, .error = -ENOSPC };
		struct pipeline *p;
		int r;

		assert_int_equal(pipeline_new(&p, 1), 0);
		assert_int_equal(pipeline_submit(p, &c.job, false), 0);
		r = feed(p, &c);
		assert_true(!r || r == -ENOSPC);
		pipeline_complete(&c.job);
		collect(p, &c);
		assert_int_equal(pipeline_error(p), -ENOSPC);
		pipeline_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_data),
		cmocka_unit_test(fails_while_fed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
