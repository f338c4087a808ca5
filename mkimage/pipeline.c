// SPDX-License-Identifier: Apache-2.0
#include "mkimage/pipeline.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/cleanup.h"

#define JOBS_MAX 512 /* in flight: a job without data costs something too */
#define BATCH 8	     /* jobs that wait before a sleeper is woken for them */

struct queue {
	struct pipeline_job *first, *last;
};

struct pipeline {
	pthread_mutex_t lock; /* protects all that follows but the threads */
	pthread_cond_t work;  /* jobs came, or the end */
	pthread_cond_t data;  /* a chunk came for the job that is not complete */
	pthread_cond_t room;  /* for the submitter: less is in flight */
	struct queue todo, done;
	unsigned int ntodo, in_flight, idle;
	unsigned int max_jobs; /* immutable */
	size_t bytes; /* of chunks */
	int error;
	bool closing;
	bool waiting; /* the submitter, for room */
	unsigned int nthreads;
	pthread_t threads[];
};

unsigned int pipeline_cpus(void)
{
	cpu_set_t set;

	/* More than CPU_SETSIZE of them are more than are wanted. */
	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	return (unsigned int)CPU_COUNT(&set);
}

/* Each may keep a descriptor of a directory open, and the source needs one a
 * level. */
static unsigned int max_jobs(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) || l.rlim_cur >= 4 * JOBS_MAX)
		return JOBS_MAX;
	return l.rlim_cur < 16 ? 1 : (unsigned int)(l.rlim_cur / 4);
}

static void append(struct queue *q, struct pipeline_job *job)
{
	job->next = NULL;
	if (q->first)
		q->last->next = job;
	else
		q->first = job;
	q->last = job;
}

static struct pipeline_job *shift(struct queue *q)
{
	struct pipeline_job *job = q->first;

	if (job)
		q->first = job->next;
	return job;
}

/* Under the lock: the next job to run, or NULL at the end. */
static struct pipeline_job *take_job(struct pipeline *p)
{
	struct pipeline_job *job;

	while (!p->todo.first && !p->closing) {
		p->idle++;
		pthread_cond_wait(&p->work, &p->lock);
		p->idle--;
	}
	job = shift(&p->todo);
	if (job)
		p->ntodo--;
	return job;
}

static void finish_job(struct pipeline *p, struct pipeline_job *job, int r)
{
	if (r && !p->error) {
		p->error = r;
		pthread_cond_broadcast(&p->data);
	}
	append(&p->done, job);
	p->in_flight--;
	if (p->waiting)
		pthread_cond_signal(&p->room);
}

static void *work(void *arg)
{
	struct pipeline *p = arg;
	struct pipeline_job *job;
	int r;

	pthread_mutex_lock(&p->lock);
	while ((job = take_job(p))) {
		r = 0;
		if (!p->error) {
			pthread_mutex_unlock(&p->lock);
			r = job->run(job);
			job->ran = true;
			pthread_mutex_lock(&p->lock);
		}
		finish_job(p, job, r);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* Signals are for the thread that can answer them. */
static int start(struct pipeline *p, unsigned int threads)
{
	sigset_t all, before;
	int r = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (p->nthreads < threads && !r) {
		r = -pthread_create(&p->threads[p->nthreads], NULL, work, p);
		p->nthreads += !r;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return p->nthreads ? 0 : r; /* fewer do as well */
}

int pipeline_new(struct pipeline **ret, unsigned int threads)
{
	struct pipeline *p =
		calloc(1, sizeof(*p) + threads * sizeof(p->threads[0]));
	int r;

	if (!p)
		return -ENOMEM;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->data, NULL);
	pthread_cond_init(&p->room, NULL);
	p->max_jobs = max_jobs();
	r = start(p, threads);
	if (r) {
		pipeline_free(p);
		return r;
	}
	*ret = p;
	return 0;
}

void pipeline_free(struct pipeline *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->closing = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (unsigned int i = 0; i < p->nthreads; i++)
		pthread_join(p->threads[i], NULL);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->data);
	pthread_cond_destroy(&p->room);
	free(p);
}

/* Under the lock: sleeps until something was done. */
static void wait_room(struct pipeline *p)
{
	if (p->ntodo)
		pthread_cond_broadcast(&p->work);
	p->waiting = true;
	pthread_cond_wait(&p->room, &p->lock);
	p->waiting = false;
}

int pipeline_chunk(struct pipeline *p, size_t size, struct chunk **ret)
{
	struct chunk *c;
	int r;

	pthread_mutex_lock(&p->lock);
	while (!p->error && p->bytes && p->bytes + size > PIPELINE_BUDGET)
		wait_room(p);
	r = p->error;
	if (!r)
		p->bytes += size;
	pthread_mutex_unlock(&p->lock);
	if (r)
		return r;
	c = malloc(sizeof(*c) + size);
	if (!c) {
		pthread_mutex_lock(&p->lock);
		p->bytes -= size;
		pthread_mutex_unlock(&p->lock);
		return -ENOMEM;
	}
	*c = (struct chunk){ .size = size };
	*ret = c;
	return 0;
}

static void give_back(struct pipeline *p, size_t bytes)
{
	pthread_mutex_lock(&p->lock);
	p->bytes -= bytes;
	if (p->waiting)
		pthread_cond_signal(&p->room);
	pthread_mutex_unlock(&p->lock);
}

void pipeline_trim_chunk(struct pipeline *p, struct chunk **c)
{
	size_t unused = (*c)->size - (*c)->len;
	struct chunk *smaller = realloc(*c, sizeof(**c) + (*c)->len);

	if (!smaller)
		return;
	smaller->size = smaller->len;
	*c = smaller;
	give_back(p, unused);
}

void pipeline_add(struct pipeline_job *job, struct chunk *c)
{
	_cleanup_unlock pthread_mutex_t *locked = NULL;

	/* Nobody else knows the job before it is submitted. */
	if (job->pipeline) {
		locked = &job->pipeline->lock;
		pthread_mutex_lock(locked);
		pthread_cond_signal(&job->pipeline->data);
	}
	c->next = NULL;
	if (job->first)
		job->last->next = c;
	else
		job->first = c;
	job->last = c;
}

int pipeline_submit(struct pipeline *p, struct pipeline_job *job,
		    bool complete)
{
	int r;

	pthread_mutex_lock(&p->lock);
	while (!p->error && p->in_flight >= p->max_jobs)
		wait_room(p);
	r = p->error;
	if (!r) {
		job->pipeline = p;
		job->complete = complete;
		append(&p->todo, job);
		p->ntodo++;
		p->in_flight++;
		if (p->idle && (!complete || p->ntodo >= BATCH))
			pthread_cond_signal(&p->work);
	}
	pthread_mutex_unlock(&p->lock);
	return r;
}

void pipeline_complete(struct pipeline_job *job)
{
	struct pipeline *p = job->pipeline;

	pthread_mutex_lock(&p->lock);
	job->complete = true;
	pthread_cond_signal(&p->data);
	pthread_mutex_unlock(&p->lock);
}

struct pipeline_job *pipeline_done(struct pipeline *p, bool wait)
{
	struct pipeline_job *job;

	pthread_mutex_lock(&p->lock);
	while (wait && !p->done.first && p->in_flight)
		wait_room(p);
	job = shift(&p->done);
	pthread_mutex_unlock(&p->lock);
	return job;
}

int pipeline_error(struct pipeline *p)
{
	int r;

	pthread_mutex_lock(&p->lock);
	r = p->error;
	pthread_mutex_unlock(&p->lock);
	return r;
}

void pipeline_stop(struct pipeline *p, int error)
{
	pthread_mutex_lock(&p->lock);
	if (!p->error)
		p->error = error;
	pthread_cond_broadcast(&p->data);
	pthread_mutex_unlock(&p->lock);
}

int pipeline_next_chunk(struct pipeline_job *job, struct chunk **ret)
{
	struct pipeline *p = job->pipeline;
	_cleanup_unlock pthread_mutex_t *locked = &p->lock;
	struct chunk *c;

	pthread_mutex_lock(locked);
	while (!job->first && !job->complete && !p->error)
		pthread_cond_wait(&p->data, &p->lock);
	if (p->error)
		return p->error;
	c = job->first;
	if (!c)
		return 0;
	job->first = c->next;
	*ret = c;
	return 1;
}

void pipeline_free_chunk(struct pipeline *p, struct chunk *c)
{
	give_back(p, c->size);
	free(c);
}

static struct chunk *take_chunks(struct pipeline *p, struct pipeline_job *job)
{
	struct chunk *c;

	/* A worker that gives up drops while the submitter still adds. */
	pthread_mutex_lock(&p->lock);
	c = job->first;
	job->first = NULL;
	pthread_mutex_unlock(&p->lock);
	return c;
}

void pipeline_drop_chunks(struct pipeline *p, struct pipeline_job *job)
{
	struct chunk *c = take_chunks(p, job), *next;
	size_t bytes = 0;

	for (; c; c = next) {
		next = c->next;
		bytes += c->size;
		free(c);
	}
	if (bytes)
		give_back(p, bytes);
}
