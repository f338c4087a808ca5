/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work that overlaps: one thread submits jobs, whose data may still be coming,
 * and others do them, one each at a time, in the order they came; the
 * submitter collects what is done.  The data in flight is bounded.
 *
 * Thread safety: each function says whose it is: the submitter's, or a
 * worker's that runs the job.  Ownership: a job is the pipeline's from
 * pipeline_submit() until pipeline_done() returns it; its chunks are freed by
 * pipeline_drop_chunks() at the latest.  Errors: negative errno.  The first
 * error of a job stops all: jobs that have not begun are not run, and every
 * call of the submitter returns that error.
 */
#ifndef STENCIL_MKIMAGE_PIPELINE_H
#define STENCIL_MKIMAGE_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PIPELINE_CHUNK (1 << 20)   /* the largest chunk */
#define PIPELINE_BUDGET (16 << 20) /* of chunks in flight */

/* A piece of a file, at most PIPELINE_CHUNK; holes lie between. */
struct chunk {
	struct chunk *next;
	uint64_t offset;
	size_t len, size;
	char data[];
};

struct pipeline;

struct pipeline_job {
	/* 0 or -errno; told by then what was wrong. */
	int (*run)(struct pipeline_job *job);
	struct pipeline *pipeline;
	bool ran; /* else it was dropped after an error */
	/* The rest is the pipeline's. */
	struct pipeline_job *next;
	struct chunk *first, *last; /* protected by its lock until complete */
	bool complete;		    /* the same: all chunks are there */
};

/* Any job's embedder starts with this. */
static inline struct chunk *pipeline_chunks(const struct pipeline_job *job)
{
	return job->first;
}

int pipeline_new(struct pipeline **ret, unsigned int threads);
/* Waits for the jobs that run; NULL is allowed.  All must have been collected,
 * or are lost: the submitter calls pipeline_stop() and pipeline_done(). */
void pipeline_free(struct pipeline *p);

/* The submitter's: a new chunk, when there is room for it. */
int pipeline_chunk(struct pipeline *p, size_t size, struct chunk **ret);

/* The submitter's: gives back what the chunk has no use for. */
void pipeline_trim_chunk(struct pipeline *p, struct chunk **c);

/* The submitter's: adds a chunk to a job, which may have been submitted. */
void pipeline_add(struct pipeline_job *job, struct chunk *c);

/* The submitter's: `complete` when the job has all its chunks; else
 * pipeline_complete() is to follow. */
int pipeline_submit(struct pipeline *p, struct pipeline_job *job,
		    bool complete);
void pipeline_complete(struct pipeline_job *job);

/*
 * The submitter's: a job that is done, or NULL if none is.  With `wait`, waits
 * while any job is in flight.
 */
struct pipeline_job *pipeline_done(struct pipeline *p, bool wait);

/* The submitter's: 0, or the error that stopped all. */
int pipeline_error(struct pipeline *p);

/* The CPUs that this process may use: how many threads are of use. */
unsigned int pipeline_cpus(void);

/* Anybody's: stops all with this error, if none was before. */
void pipeline_stop(struct pipeline *p, int error);

/* The worker's: takes the next chunk out of its job, to be freed with
 * pipeline_free_chunk().  1, 0 at the end, or the error that stopped all. */
int pipeline_next_chunk(struct pipeline_job *job, struct chunk **ret);
void pipeline_free_chunk(struct pipeline *p, struct chunk *c);

/* The worker's, while chunks may still be added, or the submitter's of a job
 * that it has: frees what is left. */
void pipeline_drop_chunks(struct pipeline *p, struct pipeline_job *job);

#endif
