// SPDX-License-Identifier: Apache-2.0
/*
 * Regular files.  The caller's thread reads the data into chunks; a job does
 * the rest.  A file of one chunk is hashed before anything is written, and a
 * link to the pool takes its place if the pool has it; a bigger one is written
 * as it comes.  What is written stays as it is until emit_place().
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "mkimage/content.h"
#include "mkimage/emit_types.h"
#include "mkimage/meta.h"
#include "mkimage/pipeline.h"
#include "mkimage/pool.h"
#include "mkimage/progress.h"

struct file_job {
	struct pipeline_job job; /* first: pipeline.h */
	struct emit *emit;
	struct emit_dir *dir;
	tree_node node;
	struct manifest_entry entry;
	const char *name; /* in entry.path */
	bool stream;	  /* more than a chunk */
	bool has_names;	  /* or will have them: see source.h */
	/* What came of it: */
	bool linked; /* to the pool */
	struct tree_origin origin;
};

static struct file_job *from_job(struct pipeline_job *job)
{
	return (struct file_job *)job;
}

static void free_job(struct file_job *f)
{
	pipeline_drop_chunks(f->emit->pipeline, &f->job);
	emit_put_dir(f->dir);
	manifest_entry_release(&f->entry);
	free(f);
}

/* Metadata; and where the file is, should it become the pool's. */
static int complete(struct file_job *f, int fd)
{
	const char *what = NULL;
	int r = meta_apply(fd, NULL, &f->entry, &what);

	if (r && what && emit_tells(f->emit))
		log_error(r, "%s: cannot set %s", f->entry.path, what);
	if (!r && f->origin.has_stamp)
		r = pool_where(fd, NULL, &f->origin.place);
	return r;
}

static int create(const struct file_job *f)
{
	int fd = openat(f->dir->fd, f->name,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			meta_made_mode(&f->entry) & 0777);

	return fd < 0 ? -errno : fd;
}

static int run_stream(struct file_job *f)
{
	_cleanup_fd int fd = create(f);
	struct manifest_entry *e = &f->entry;
	int r = fd < 0 ? fd : content_stream(&f->job, fd, e->size, &e->sha1,
					     &e->verity);

	return r ? r : complete(f, fd);
}

static int run_small(struct file_job *f)
{
	const struct chunk *data = pipeline_chunks(&f->job);
	struct manifest_entry *e = &f->entry;
	_cleanup_fd int fd = -1;
	int r = content_digest(data, e->size, &e->sha1, &e->verity);

	if (!r && !f->has_names)
		r = pool_share(f->emit->options.pool, f->dir->fd, f->name, e,
			       data, &f->origin.place);
	if (r) {
		f->linked = r > 0;
		return r > 0 ? 0 : r;
	}
	fd = create(f);
	r = fd < 0 ? fd : content_write(fd, data, e->size);
	return r ? r : complete(f, fd);
}

static int run(struct pipeline_job *job)
{
	struct file_job *f = from_job(job);
	int r;

	if (f->stream)
		r = run_stream(f);
	else
		r = run_small(f);
	f->entry.has_digest = true;
	pipeline_drop_chunks(job->pipeline, job);
	return r ? emit_failed(f->emit, r, f->entry.path) : 0;
}

/* The reader of the source's data into chunks. */
struct reader {
	struct emit *emit;
	struct file_job *file;
	struct chunk *chunk; /* not yet the job's */
	uint64_t end;	     /* of the data so far */
};

static void flush(struct reader *r)
{
	if (r->chunk)
		pipeline_add(&r->file->job, take_ptr(r->chunk));
}

static int add_data(struct reader *r, const char *data, size_t len,
		    uint64_t offset)
{
	uint64_t size = r->file->entry.size;

	while (len) {
		struct chunk *c = r->chunk;
		size_t n;

		if (!c) {
			uint64_t want = size - offset;
			int err = pipeline_chunk(r->emit->pipeline,
						 want < PIPELINE_CHUNK
							 ? (size_t)want
							 : PIPELINE_CHUNK,
						 &c);

			if (err)
				return err;
			c->offset = offset;
			r->chunk = c;
		}
		n = len < c->size - c->len ? len : c->size - c->len;
		memcpy(c->data + c->len, data, n);
		c->len += n;
		data += n;
		offset += n;
		len -= n;
		if (c->len == c->size)
			flush(r);
	}
	return 0;
}

static int add_block(struct reader *r, const struct source_block *b)
{
	uint64_t size = r->file->entry.size;

	if (b->offset < r->end || b->offset > size || b->len > size - b->offset)
		return -EFBIG;
	if (r->chunk && b->offset != r->end) {
		pipeline_trim_chunk(r->emit->pipeline, &r->chunk);
		flush(r);
	}
	progress_add(r->emit->options.progress, 0,
		     b->offset + b->len - r->end);
	r->end = b->offset + b->len;
	return add_data(r, b->data, b->len, b->offset);
}

/* All of it, to the end, where the source finds out if the file changed. */
static int read_data(struct reader *r, struct source *s)
{
	struct source_block block;
	int err;

	while ((err = source_data(s, &block)) > 0) {
		err = add_block(r, &block);
		if (err)
			return emit_failed(r->emit, err, r->file->entry.path);
	}
	if (err)
		atomic_store(&r->emit->told, true); /* by the source */
	flush(r);
	return err;
}

static int feed(struct emit *e, struct source *s, struct file_job *f)
{
	struct reader reader = { .emit = e, .file = f };
	int r = read_data(&reader, s);

	if (reader.chunk)
		pipeline_free_chunk(e->pipeline, reader.chunk);
	return r;
}

static int submit(struct file_job *f, bool whole)
{
	int r = pipeline_submit(f->emit->pipeline, &f->job, whole);

	if (r)
		return r;
	tree_mark(f->emit->tree, f->node, TREE_BUSY, true);
	return 0;
}

/* The memo knows the file: 1 when the pool has it, 0 when it is to be read
 * after all. */
static int take_known(struct emit *e, tree_node n,
		      const struct source_item *item)
{
	const struct manifest_entry *entry = &item->entry;
	unsigned int variant;
	int r = emit_enter_pool(e);

	if (!r)
		r = pool_find(e->options.pool, entry, &item->known_at,
			      &variant);
	if (r <= 0)
		return r;
	r = tree_put(e->tree, n, entry, NULL);
	if (!r)
		r = emit_know(e, n, variant);
	if (r)
		return r;
	progress_add(e->options.progress, 1, entry->size);
	return 1;
}

static struct file_job *new_job(struct emit *e, tree_node n,
				struct source_item *item)
{
	struct file_job *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->job.run = run;
	f->emit = e;
	f->node = n;
	f->entry = item->entry;
	f->has_names = item->has_names;
	f->origin.has_stamp = item->has_stamp;
	f->origin.stamp = item->stamp;
	item->entry = (struct manifest_entry){ 0 };
	f->name = strrchr(f->entry.path, '/') + 1;
	f->stream = f->entry.size > PIPELINE_CHUNK;
	return f;
}

/* What a stream's job was not told in the end it is never told. */
static int submit_stream(struct emit *e, struct source *s, struct file_job *f)
{
	int r = submit(f, false);

	if (r) {
		free_job(f);
		return r;
	}
	r = feed(e, s, f);
	if (r)
		pipeline_stop(e->pipeline, r);
	else
		pipeline_complete(&f->job);
	return r;
}

static int submit_small(struct emit *e, struct source *s, struct file_job *f)
{
	int r = feed(e, s, f);

	if (!r)
		r = submit(f, true);
	if (r)
		free_job(f);
	return r;
}

int emit_file(struct emit *e, struct source *s, tree_node n,
	      struct source_item *item)
{
	struct file_job *f;
	int r;

	if (item->entry.size > INT64_MAX)
		return emit_failed(e, -EFBIG, item->entry.path);
	r = item->known ? take_known(e, n, item) : 0;
	if (r)
		return r < 0 ? emit_failed(e, r, item->entry.path) : 0;
	f = new_job(e, n, item);
	if (!f)
		return emit_failed(e, -ENOMEM, item->entry.path);
	r = emit_use_dir(e, tree_parent(e->tree, n), &f->dir);
	if (!r)
		f->dir->refs++;
	if (r < 0) {
		emit_failed(e, r, f->entry.path);
		free_job(f);
		return r;
	}
	return f->stream ? submit_stream(e, s, f) : submit_small(e, s, f);
}

static int take_result(struct emit *e, struct file_job *f)
{
	int r = tree_put(e->tree, f->node, &f->entry, &f->origin);

	if (r)
		return emit_failed(e, r, f->entry.path);
	tree_mark(e->tree, f->node, TREE_BUSY, false);
	tree_mark(e->tree, f->node, TREE_STAGED, !f->linked);
	/* Others when they have a place: emit_remember(). */
	if (f->linked && f->origin.has_stamp && e->options.memo)
		memo_put(e->options.memo, &f->origin.stamp, &f->entry,
			 &f->origin.place);
	progress_add(e->options.progress, 1, 0);
	return 0;
}

/* One job that is done; false if there is none. */
static bool collect_one(struct emit *e, bool wait, int *error)
{
	struct pipeline_job *job = pipeline_done(e->pipeline, wait);

	*error = pipeline_error(e->pipeline);
	if (!job)
		return false;
	if (!*error)
		*error = take_result(e, from_job(job));
	free_job(from_job(job));
	return true;
}

int emit_collect(struct emit *e, bool wait)
{
	int r = 0, error;

	while (collect_one(e, wait, &error))
		r = r ? r : error;
	return r ? r : error;
}

int emit_settle(struct emit *e, tree_node n)
{
	int r = 0;

	while (!r && tree_marked(e->tree, n, TREE_BUSY))
		if (!collect_one(e, true, &r))
			break;
	return r;
}

int emit_own(struct emit *e, tree_node n, const char *path)
{
	struct emit_dir *dir;
	int r = emit_use_dir(e, tree_parent(e->tree, n), &dir);

	if (!r)
		r = pool_unshare(e->options.pool, dir->fd,
				 tree_name(e->tree, n));
	if (r)
		return emit_failed(e, r, path);
	tree_mark(e->tree, n, TREE_STAGED, true);
	return 0;
}
