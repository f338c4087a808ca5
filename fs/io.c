// SPDX-License-Identifier: Apache-2.0
#include "fs/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "fs/lookup.h"

/* Ways of reading in the template that are kept without files, at most. */
#define KEPT_MAX 1024
/* How many are looked at for one that may go. */
#define STEPS 16
#define STEPS_MAX 4096

static bool is_private(unsigned flags)
{
	return (flags & NODE_UPPER) && !(flags & NODE_METACOPY);
}

/* node->lock is held. */
static void count(struct node *n, const struct io_want *w, struct io *io,
		  int by)
{
	io->files += (unsigned)by;
	if (by > 0 && io->mode == IO_SHARED)
		atomic_store_explicit(&io->recent, true, memory_order_relaxed);
	if (io->mode != IO_PRIVATE || !w->write)
		return;
	io->writers += (unsigned)by;
	if (by > 0)
		n->passed = true;
	if (by > 0 && w->map) {
		n->map_opens++;
		atomic_store(&n->mapped, true);
	}
}

static void free_io(struct fs *fs, struct io *io)
{
	if (io->backing)
		passthrough_close(fs, io->backing);
	if (io->fd >= 0)
		close(io->fd);
	free(io);
}

void io_init(struct fs *fs)
{
	pthread_mutex_init(&fs->ios.lock, NULL);
	fs->ios.max = fs->passthrough.max / 8;
	if (fs->ios.max > KEPT_MAX)
		fs->ios.max = KEPT_MAX;
}

static void ring_add(struct io_ring *ring, struct io *io)
{
	if (ring->hand) {
		io->next = ring->hand;
		io->prev = ring->hand->prev;
		io->prev->next = io->next->prev = io;
	} else {
		ring->hand = io->next = io->prev = io;
	}
	ring->count++;
}

static void ring_remove(struct io_ring *ring, struct io *io)
{
	if (io->next == io)
		ring->hand = NULL;
	else if (ring->hand == io)
		ring->hand = io->next;
	io->prev->next = io->next;
	io->next->prev = io->prev;
	ring->count--;
}

/* Takes an `io` without files from its node: nobody can find it then.  The
 * node's lock is held; free it without. */
static bool take_kept(struct node *n, struct io *io)
{
	if (n->io != io || io->files)
		return false;
	n->io = NULL;
	return true;
}

static void drop(struct fs *fs, struct io *io)
{
	if (io->mode == IO_SHARED) {
		pthread_mutex_lock(&fs->ios.lock);
		ring_remove(&fs->ios, io);
		pthread_mutex_unlock(&fs->ios.lock);
	}
	free_io(fs, io);
}

/* Gives up one that is kept and was not opened for a round, within `steps`
 * looks. */
static bool evict(struct fs *fs, size_t steps)
{
	struct io_ring *ring = &fs->ios;
	struct io *io = NULL;
	bool found = false;

	pthread_mutex_lock(&ring->lock);
	/* Twice round is enough to have seen all. */
	if (steps > 2 * ring->count)
		steps = 2 * ring->count;
	for (size_t i = 0; !found && i < steps; i++) {
		io = ring->hand;
		ring->hand = io->next;
		if (atomic_exchange(&io->recent, false))
			continue;
		/* A node that dies waits for the ring's lock. */
		pthread_mutex_lock(&io->node->lock);
		found = take_kept(io->node, io);
		pthread_mutex_unlock(&io->node->lock);
	}
	if (found)
		ring_remove(ring, io);
	pthread_mutex_unlock(&ring->lock);
	if (found)
		free_io(fs, io);
	return found;
}

void io_forget(struct fs *fs, struct node *n)
{
	struct io_ring *ring = &fs->ios;
	struct io *io = n->io;

	if (!io && !n->in_ring)
		return;
	/* Whoever takes it from the ring is done with the node then. */
	pthread_mutex_lock(&ring->lock);
	io = n->io;
	n->io = NULL;
	if (io && io->mode == IO_SHARED)
		ring_remove(ring, io);
	pthread_mutex_unlock(&ring->lock);
	if (io)
		free_io(fs, io);
}

/* Is what is kept still right? */
static bool still_shared(const struct node *n, const struct io_want *w)
{
	return !w->write && !n->barred && !is_private(n->flags);
}

int io_join(struct fs *fs, struct node *n, const struct io_want *w,
	    struct io **ret)
{
	struct io *old = NULL;
	int r = 0;

	pthread_mutex_lock(&n->lock);
	if (n->io && !n->io->files && !still_shared(n, w)) {
		old = n->io;
		n->io = NULL;
	}
	if (io_is_old(n, w->ino))
		r = -ESTALE;
	else if (n->io && w->write && n->io->mode == IO_SHARED)
		r = -ESTALE; /* not after io_part(), but never by this id */
	else if (n->io)
		count(n, w, n->io, 1);
	if (!r)
		*ret = n->io;
	pthread_mutex_unlock(&n->lock);
	if (old)
		drop(fs, old);
	return r;
}

/* The container's names of a file whose attributes alone are private. */
static int count_names(struct fs *fs, struct node *n, nlink_t *ret)
{
	_cleanup_place struct place p = PLACE_INIT;
	struct stat st;
	int r = node_upper_place(fs, n, &p);

	if (!r)
		r = place_stat(&p, &st);
	if (!r)
		*ret = st.st_nlink;
	return r;
}

/* 1 and a descriptor of the template's file if it may be opened in the shared
 * way. */
static int open_shared(struct fs *fs, struct node *n, unsigned flags,
		       int *ret_fd)
{
	nlink_t names = 1;
	int r;

	if (n->links != 1 || !n->data || flags & NODE_INDEXED ||
	    atomic_load(&n->data->layer->refused))
		return 0;
	r = flags & NODE_UPPER ? count_names(fs, n, &names) : 0;
	/* A rename in between; the next open may be luckier. */
	if (r || names > 1)
		return 0;
	r = classes_open_shared(fs, n->data, ret_fd);
	/* What is wrong with it is told by who opens it to read. */
	return r > 0;
}

/* Makes `io` the way of the node's files, unless things have changed. */
static int install(struct node *n, const struct io_want *w, struct io *io)
{
	int r = 0;

	pthread_mutex_lock(&n->lock);
	if (io_is_old(n, w->ino))
		r = -ESTALE;
	else if (n->io ||
		 (io->mode == IO_SHARED && (is_private(n->flags) || n->barred)))
		r = -EAGAIN;
	if (!r) {
		io->keep = !n->passed;
		if (io->mode == IO_CACHED)
			n->passed = false;
		n->io = io;
		count(n, w, io, 1);
	}
	pthread_mutex_unlock(&n->lock);
	return r;
}

static bool is_private_file(struct fs *fs, struct node *n, int fd)
{
	struct stat st;
	bool same;

	if (fstat(fd, &st) || st.st_dev != fs->upper_dev)
		return false;
	pthread_mutex_lock(&n->lock);
	same = st.st_ino == n->upper_ino;
	pthread_mutex_unlock(&n->lock);
	return same;
}

/* The best way there is for the node as it is now. */
static int choose(struct fs *fs, struct node *n, int fd, struct io *io)
{
	unsigned flags;
	bool barred;
	int id;

	if (!passthrough_on(&fs->passthrough))
		return fd < 0 ? -ENOENT : 0;
	pthread_mutex_lock(&n->lock);
	flags = n->flags;
	barred = n->barred;
	pthread_mutex_unlock(&n->lock);
	if (!is_private(flags)) {
		if (barred || open_shared(fs, n, flags, &io->fd) <= 0)
			return fd < 0 ? -ENOENT : 0;
		id = passthrough_open(fs, io->fd);
		if (id == -ENFILE && evict(fs, STEPS_MAX))
			id = passthrough_open(fs, io->fd);
		if (id > 0) {
			io->mode = IO_SHARED;
			io->backing = id;
			return 0;
		}
		if (id == -ELOOP)
			atomic_store(&n->data->layer->refused, true);
		close(io->fd);
		io->fd = -1;
		return fd < 0 ? -ENOENT : 0;
	}
	if (fd < 0)
		return -ENOENT;
	if (atomic_load(&fs->upper_refused))
		return 0;
	/* Opened before a break it is the template's, and writers come. */
	if (!is_private_file(fs, n, fd))
		return -EAGAIN;
	id = passthrough_open(fs, fd);
	if (id > 0) {
		io->mode = IO_PRIVATE;
		io->backing = id;
	}
	if (id == -ELOOP)
		atomic_store(&fs->upper_refused, true);
	return 0;
}

int io_start(struct fs *fs, struct node *n, const struct io_want *w, int fd,
	     struct io **ret)
{
	struct io *io = calloc(1, sizeof(*io));
	bool full = false;
	int r;

	if (!io)
		return -ENOMEM;
	io->fd = -1;
	io->node = n;
	r = choose(fs, n, fd, io);
	if (r) {
		free_io(fs, io);
		return r;
	}
	/* Before others can find it. */
	if (io->mode == IO_SHARED) {
		n->in_ring = true;
		pthread_mutex_lock(&fs->ios.lock);
		ring_add(&fs->ios, io);
		full = fs->ios.count > fs->ios.max;
		pthread_mutex_unlock(&fs->ios.lock);
	}
	r = install(n, w, io);
	if (r) {
		drop(fs, io);
		return r;
	}
	if (full)
		(void)evict(fs, STEPS);
	*ret = io;
	return 0;
}

/* Nearly: nobody minds one more or less. */
static bool kept_has_room(struct fs *fs)
{
	return atomic_load_explicit(&fs->ios.count, memory_order_relaxed) <=
	       fs->ios.max;
}

void io_leave(struct fs *fs, struct node *n, const struct io_want *w,
	      struct io *io)
{
	bool last;

	pthread_mutex_lock(&n->lock);
	count(n, w, io, -1);
	last = !io->files;
	/* It is not the node's any more if that has parted from it. */
	if (last && n->io == io) {
		last = io->mode != IO_SHARED || !kept_has_room(fs) ||
		       is_private(n->flags) || n->barred;
		if (last)
			n->io = NULL;
	}
	pthread_mutex_unlock(&n->lock);
	if (last)
		drop(fs, io);
}

bool io_may_part(struct node *n)
{
	bool yes;

	if (!S_ISREG(n->type))
		return false;
	pthread_mutex_lock(&n->lock);
	yes = n->io && n->io->mode == IO_SHARED && n->io->files;
	pthread_mutex_unlock(&n->lock);
	return yes;
}

int io_part(struct fs *fs, struct node *n)
{
	struct io *kept = NULL;
	uint64_t id;
	int r;

	if (!io_may_part(n))
		return 0;
	r = slots_add(fs->nodes, n, &id);
	if (r)
		return r;
	pthread_mutex_lock(&n->lock);
	n->old_id = atomic_load(&n->id);
	/* If its last file was closed just now, it is nobody's any more. */
	if (n->io && !n->io->files)
		kept = n->io;
	n->io = NULL;
	atomic_store(&n->id, id);
	pthread_mutex_unlock(&n->lock);
	if (kept)
		drop(fs, kept);
	return 1;
}

void io_bar(struct node *n)
{
	pthread_mutex_lock(&n->lock);
	n->barred = true;
	pthread_mutex_unlock(&n->lock);
}

void io_forget_attr(struct fs *fs, fuse_ino_t ino)
{
	/* It may have forgotten the inode, or be gone; and it takes no lock for
	 * it that a request could hold. */
	(void)fuse_lowlevel_notify_inval_inode(fs->se, ino, -1, 0);
}

void io_changed(struct fs *fs, struct node *n, fuse_ino_t ino)
{
	uint64_t id = atomic_load(&n->id);

	if (!n->old_id)
		return;
	io_forget_attr(fs, ino == id ? n->old_id : id);
}

double io_attr_timeout(struct node *n)
{
	return atomic_load(&n->mapped) ? 0 : LOOKUP_TIMEOUT;
}

void io_settle(struct fs *fs, struct node *n)
{
	_cleanup_fd int fd = -1;
	unsigned opens;
	bool open;

	if (!atomic_load(&n->mapped))
		return;
	pthread_mutex_lock(&n->lock);
	open = n->io && n->io->writers;
	opens = n->map_opens;
	pthread_mutex_unlock(&n->lock);
	if (open)
		return;
	/* A read lease is given only while nobody has the file open for
	 * writing, which a mapping does too. */
	fd = node_open_upper(fs, n, O_RDONLY | O_NONBLOCK);
	if (fd < 0 || fcntl(fd, F_SETLEASE, F_RDLCK) ||
	    fcntl(fd, F_SETLEASE, F_UNLCK))
		return;
	pthread_mutex_lock(&n->lock);
	/* One opened since may be closed again and its mapping live. */
	if (n->map_opens == opens)
		atomic_store(&n->mapped, false);
	pthread_mutex_unlock(&n->lock);
}
