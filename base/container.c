// SPDX-License-Identifier: Apache-2.0
/*
 * The containers of base/store.h.
 *
 * A container appears and disappears by one rename inside containers/: it is
 * made as .tmp-XXXX, and becomes .rm-XXXX before it is taken apart.  What a
 * killed process leaves of both is removed by the next creation or removal.
 * Whether a .rm-XXXX or .tmp-XXXX is somebody's tells the flock on its lock
 * file; between the creation of .tmp-XXXX and that flock, a flock on
 * containers/ itself keeps others from looking.
 */
#include "base/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/container_record.h"
#include "base/fileio.h"
#include "base/layer_format.h"

#define TMP_PREFIX ".tmp-"
#define RM_PREFIX ".rm-"
#define ASIDE_SIZE 32

/* container_get_mount() holds the lock for a moment to try it. */
#define LOCK_TRIES 10
#define LOCK_WAIT_NS (2 * 1000 * 1000)

void container_release(struct container *c)
{
	free(c->id);
	template_stack_release(&c->stack);
	*c = (struct container){ 0 };
}

void container_mount_release(struct container_mount *m)
{
	free(m->mountpoint);
	*m = (struct container_mount){ 0 };
}

static int open_containers(int storefd)
{
	int fd = openat(storefd, "containers",
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int container_open(int storefd, const char *id)
{
	_cleanup_fd int dirfd = -1;
	int fd;

	if (!store_container_name_ok(id))
		return -EINVAL;
	dirfd = open_containers(storefd);
	if (dirfd < 0)
		return dirfd;
	fd = openat(dirfd, id, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int make_aside_name(char name[static ASIDE_SIZE], const char *prefix)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -errno;
	snprintf(name, ASIDE_SIZE, "%s%016" PRIx64, prefix, random);
	return 0;
}

static int lock_file(int fd, int operation)
{
	while (flock(fd, operation))
		if (errno != EINTR)
			return -errno;
	return 0;
}

/* What to do with what killed processes left. */
struct sweep {
	bool keep;
	void (*fn)(void *arg, const char *name); /* or NULL */
	void *arg;
};

/* Removes NAME unless a process holds its lock. */
static int sweep_one(int dirfd, const char *name, const struct sweep *s)
{
	_cleanup_free char *path = NULL;
	_cleanup_fd int fd = -1;

	if (asprintf(&path, "%s/lock", name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	fd = openat(dirfd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 ? errno != ENOENT : lock_file(fd, LOCK_EX | LOCK_NB))
		return 0;
	if (s->fn)
		s->fn(s->arg, name);
	return s->keep ? 0 : fileio_remove_tree(dirfd, name);
}

static DIR *open_list(int dirfd)
{
	_cleanup_fd int fd = openat(dirfd, ".",
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir)
		take_fd(&fd);
	return dir;
}

/* The last error; the others are removed nevertheless. */
static int sweep_all(int dirfd, const char *prefix, const struct sweep *s)
{
	_cleanup_dir DIR *dir = open_list(dirfd);
	struct dirent *d;
	int r = dir ? 0 : -errno, err;

	while (dir && (d = readdir(dir))) {
		if (strncmp(d->d_name, prefix, strlen(prefix)) != 0)
			continue;
		err = sweep_one(dirfd, d->d_name, s);
		if (err && err != -ENOENT)
			r = err;
	}
	return r;
}

/* Not being able to is no reason to fail what the caller is about, it hurts
 * nobody, and the next call tries again. */
static void sweep(int dirfd, const char *prefix)
{
	(void)sweep_all(dirfd, prefix, &(struct sweep){ 0 });
}

int container_sweep(int storefd, bool keep,
		    void (*fn)(void *arg, const char *name), void *arg)
{
	const struct sweep s = { keep, fn, arg };
	_cleanup_fd int dirfd = open_containers(storefd);
	int err = dirfd < 0 ? dirfd : lock_file(dirfd, LOCK_EX);

	if (err)
		return err;
	err = sweep_all(dirfd, TMP_PREFIX, &s);
	/* Others need not wait while a large leftover is removed. */
	if (flock(dirfd, LOCK_UN) && !err)
		err = -errno;
	return err ? err : sweep_all(dirfd, RM_PREFIX, &s);
}

/* Not what describes the template's directory as a layer, nor the labels that
 * the host's security module gives out (capabilities no directory has). */
static bool is_copied(const char *attr)
{
	static const char *const not[] = { LAYER_NS_TRUSTED, LAYER_NS_USER,
					   STENCIL_NS_TRUSTED, STENCIL_NS_USER,
					   LAYER_NS_FUSE, "security." };
	size_t i;

	for (i = 0; i < sizeof(not) / sizeof(not[0]); i++)
		if (strncmp(attr, not[i], strlen(not[i])) == 0)
			return false;
	return true;
}

static int copy_attrs(int from, int to)
{
	_cleanup_bytes struct bytes names = BYTES_INIT;
	int err = fileio_listxattr(from, NULL, &names);
	char value[64 * 1024];
	const char *attr;
	ssize_t n;

	if (err)
		return err == -EOPNOTSUPP ? 0 : err;
	for (attr = names.data; attr < names.data + names.len;
	     attr += strlen(attr) + 1) {
		if (!is_copied(attr))
			continue;
		n = fileio_getxattr(from, NULL, attr, value, sizeof(value));
		if (n < 0)
			return n;
		err = fileio_setxattr(to, NULL, attr, value, n, 0);
		if (err)
			return err;
	}
	return 0;
}

/* The root's attributes are the private area's in an overlay: they start as
 * those of the uppermost template. */
static int make_private(int storefd, int dirfd, const struct template_ref *top)
{
	_cleanup_free char *version = template_path(top->name, top->version);
	_cleanup_free char *path = NULL;
	_cleanup_fd int from = -1, to = -1;
	struct timespec times[2];
	struct stat st;
	int err;

	if (!version || asprintf(&path, "%s/root", version) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	from = openat(storefd, path,
		      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0 || fstat(from, &st) || mkdirat(dirfd, "private", 0700))
		return -errno;
	to = openat(dirfd, "private",
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0 || fchown(to, st.st_uid, st.st_gid))
		return -errno;
	err = copy_attrs(from, to);
	if (err)
		return err;
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	if (fchmod(to, st.st_mode & 07777) || futimens(to, times))
		return -errno;
	return 0;
}

static int have_template(int storefd, const struct template_ref *ref)
{
	_cleanup_free char *version = template_path(ref->name, ref->version);

	if (!version)
		return -ENOMEM;
	return faccessat(storefd, version, F_OK, AT_SYMLINK_NOFOLLOW) ? -errno :
									 0;
}

/* Fills the new directory; *ret_lock holds its lock. */
static int build(int storefd, int dirfd, const char *id,
		 const struct template_stack *stack)
{
	int err;

	/* Under the lock that a removal of templates takes too. */
	for (size_t i = 0; i < stack->n; i++) {
		err = have_template(storefd, &stack->refs[i]);
		if (err)
			return err;
	}
	err = make_private(storefd, dirfd, &stack->refs[stack->n - 1]);
	if (err)
		return err;
	if (mkdirat(dirfd, "work", 0700))
		return -errno;
	return container_record_write(dirfd, id, stack, time(NULL));
}

/* Makes .tmp-XXXX and renames it.  containers/ is locked, so nobody sweeps. */
static int create_aside(int storefd, int dirfd, const char *id,
			const struct template_stack *stack)
{
	_cleanup_fd int lock = -1, fd = -1;
	char aside[ASIDE_SIZE];
	int err = make_aside_name(aside, TMP_PREFIX);

	if (err)
		return err;
	if (mkdirat(dirfd, aside, 0700))
		return -errno;
	fd = openat(dirfd, aside,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	lock = fd < 0 ? -1 : openat(fd, "lock", O_RDWR | O_CREAT | O_EXCL |
				    O_NOFOLLOW | O_CLOEXEC, 0600);
	err = lock < 0 ? -errno : build(storefd, fd, id, stack);
	if (!err && renameat(dirfd, aside, dirfd, id))
		err = errno == ENOTEMPTY ? -EEXIST : -errno;
	if (err) {
		/* The first error is the one to tell. */
		(void)fileio_remove_tree(dirfd, aside);
		return err;
	}
	return fsync(dirfd) ? -errno : 0;
}

static bool resolved(const struct template_stack *stack)
{
	size_t i;

	for (i = 0; i < stack->n; i++)
		if (!stack->refs[i].version ||
		    strlen(stack->refs[i].version) != STORE_VERSION_HEX)
			return false;
	return stack->n > 0;
}

int container_create(int storefd, const char *id,
		     const struct template_stack *stack)
{
	_cleanup_fd int dirfd = -1;
	struct stat st;
	int err;

	if (!store_container_name_ok(id) || !resolved(stack))
		return -EINVAL;
	dirfd = open_containers(storefd);
	if (dirfd < 0)
		return dirfd;
	err = lock_file(dirfd, LOCK_EX);
	if (err)
		return err;
	sweep(dirfd, TMP_PREFIX);
	if (fstatat(dirfd, id, &st, AT_SYMLINK_NOFOLLOW) == 0)
		err = -EEXIST;
	else
		err = create_aside(storefd, dirfd, id, stack);
	/* Others need not wait while a large leftover is removed. */
	if (flock(dirfd, LOCK_UN))
		return err ? err : -errno;
	sweep(dirfd, RM_PREFIX);
	return err;
}

/* Whether `fd`, with `name` in it, still is this container: it may have been
 * removed, and made again, while we looked at it. */
static int check_same(int storefd, const char *id, const char *name, int fd)
{
	_cleanup_fd int again = container_open(storefd, id);
	struct stat ours, now;

	if (again < 0)
		return again;
	if (fstat(fd, &ours) ||
	    fstatat(again, name, &now, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -errno;
	return ours.st_dev == now.st_dev && ours.st_ino == now.st_ino ? 0 :
									-EBUSY;
}

int container_read(int storefd, const char *id, struct container *ret)
{
	_cleanup_fd int fd = container_open(storefd, id);
	int err, same;

	if (fd < 0)
		return fd;
	err = container_record_read(fd, id, ret);
	if (err != -EBADMSG)
		return err;
	/* A record that is missing is damage only if not all is gone. */
	same = check_same(storefd, id, "", fd);
	return same == 0 ? err : -ENOENT;
}

int container_remove(int storefd, const char *id)
{
	_cleanup_fd int lock = container_lock(storefd, id);
	_cleanup_fd int dirfd = -1;
	char aside[ASIDE_SIZE];
	int err;

	if (lock < 0)
		return lock;
	dirfd = open_containers(storefd);
	if (dirfd < 0)
		return dirfd;
	err = make_aside_name(aside, RM_PREFIX);
	if (err)
		return err;
	if (renameat(dirfd, id, dirfd, aside) || fsync(dirfd))
		return -errno;
	err = fileio_remove_tree(dirfd, aside);
	sweep(dirfd, RM_PREFIX);
	/* Another's sweep may have had a hand in it. */
	return err == -ENOENT ? 0 : err;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_dir(int dirfd, const struct dirent *d)
{
	struct stat st;

	if (d->d_type != DT_UNKNOWN)
		return d->d_type == DT_DIR;
	return fstatat(dirfd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

/* Appends to the NULL-terminated *v of n names. */
static int add_name(char ***v, size_t n, const char *name)
{
	char **more = reallocarray(*v, n + 2, sizeof(*more));

	if (!more)
		return -ENOMEM;
	*v = more;
	more[n] = strdup(name);
	if (!more[n])
		return -ENOMEM;
	more[n + 1] = NULL;
	return 0;
}

int container_list(int storefd, char ***ret)
{
	_cleanup_fd int fd = open_containers(storefd);
	_cleanup_dir DIR *dir = fd < 0 ? NULL : open_list(fd);
	char **v = calloc(1, sizeof(*v));
	struct dirent *d;
	size_t n = 0;
	int err = v ? 0 : -ENOMEM;

	if (fd < 0 && fd != -ENOENT)
		err = fd;
	else if (fd >= 0 && !dir)
		err = -errno;
	while (!err && dir && (errno = 0, d = readdir(dir))) {
		if (!store_container_name_ok(d->d_name) || !is_dir(fd, d))
			continue;
		err = add_name(&v, n, d->d_name);
		if (!err)
			n++;
	}
	if (!err && dir && errno)
		err = -errno;
	if (err) {
		store_strv_free(v);
		return err;
	}
	qsort(v, n, sizeof(*v), compare_names);
	*ret = v;
	return 0;
}

int container_lock(int storefd, const char *id)
{
	const struct timespec wait = { 0, LOCK_WAIT_NS };
	_cleanup_fd int fd = container_open(storefd, id);
	_cleanup_fd int lock = -1;
	int err, i;

	if (fd < 0)
		return fd;
	lock = openat(fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
		      0600);
	if (lock < 0)
		return -errno;
	for (i = 0; (err = lock_file(lock, LOCK_EX | LOCK_NB)); i++) {
		if (err != -EWOULDBLOCK)
			return err;
		if (i == LOCK_TRIES)
			return -EBUSY;
		nanosleep(&wait, NULL);
	}
	err = check_same(storefd, id, "lock", lock);
	if (err)
		return err;
	/* What a killed daemon left would count again, now that the lock is
	 * held. */
	if (unlinkat(fd, CONTAINER_MOUNT_FILE, 0) && errno != ENOENT)
		return -errno;
	return take_fd(&lock);
}

int container_set_mount(int storefd, const char *id,
			const struct container_mount *m)
{
	_cleanup_fd int fd = container_open(storefd, id);

	if (fd < 0)
		return fd;
	if (m)
		return container_record_write_mount(fd, m);
	if (unlinkat(fd, CONTAINER_MOUNT_FILE, 0) && errno != ENOENT)
		return -errno;
	return 0;
}

int container_get_mount(int storefd, const char *id,
			struct container_mount *ret)
{
	_cleanup_fd int fd = container_open(storefd, id);
	_cleanup_fd int lock = -1;
	int err;

	if (fd < 0)
		return fd;
	lock = openat(fd, "lock", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (lock < 0)
		return -errno;
	err = lock_file(lock, LOCK_SH | LOCK_NB);
	if (err != -EWOULDBLOCK)
		return err ? err : -ENOENT;
	return container_record_read_mount(fd, ret);
}
