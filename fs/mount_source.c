// SPDX-License-Identifier: Apache-2.0
#include "fs/mount_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/store.h"
#include "fs/mountpoint.h"
#include "fs/options.h"

/* How long a mount waits for the daemon of the mount before it. */
#define LOCK_WAIT_MS 10000
#define LOCK_RETRY_MS 20

static int resolve(const char *what, const char *path, char **ret)
{
	char *real = realpath(path, NULL);

	if (!real) {
		int r = -errno;

		log_error(r, "%s %s", what, path);
		return r;
	}
	*ret = real;
	return 0;
}

int mount_source_resolve(const struct options *o, struct mount_source *ret)
{
	struct mount_source s = { .o = o, .storefd = -1, .lockfd = -1 };
	int r = 0;

	if (o->nlowers) {
		s.lowers = calloc(o->nlowers, sizeof(*s.lowers));
		if (!s.lowers) {
			log_error(-ENOMEM, "reading the options");
			return -ENOMEM;
		}
	}
	for (size_t i = 0; r == 0 && i < o->nlowers; i++) {
		r = resolve("lowerdir", o->lowers[i], &s.lowers[i]);
		if (r == 0)
			s.nlowers++;
	}
	if (r == 0 && o->upper)
		r = resolve("upperdir", o->upper, &s.upper);
	if (r == 0 && o->work)
		r = resolve("workdir", o->work, &s.work);
	if (r == 0 && (o->template || o->container))
		r = resolve("store", store_path(o->store), &s.store);
	s.container = o->container;
	if (r < 0)
		mount_source_release(&s);
	else
		*ret = s;
	return r;
}

/* The option template=, with whole versions. */
static int resolve_stack(const struct mount_source *s,
			 struct template_stack *ret)
{
	struct template_stack stack = { 0 };
	size_t missing = 0;
	int r = template_stack_parse(s->o->template, &stack);

	if (r < 0) {
		log_error(r, "template %s", s->o->template);
		return r;
	}
	r = template_stack_resolve(s->storefd, &stack, &missing);
	if (r == -ENOENT)
		log_error(0, "there is no template %s%s%s in %s",
			  stack.refs[missing].name,
			  stack.refs[missing].version ? "@" : "",
			  stack.refs[missing].version ?: "", s->store);
	else if (r == -ENOTUNIQ)
		log_error(0, "template %s: more than one version starts so",
			  s->o->template);
	else if (r < 0)
		log_error(r, "template %s", s->o->template);
	if (r < 0)
		template_stack_release(&stack);
	else
		*ret = stack;
	return r;
}

/* Adds the trees of a stack, which is written base first. */
static int add_templates(struct mount_source *s,
			 const struct template_stack *stack)
{
	s->lowers = calloc(stack->n, sizeof(*s->lowers));
	if (!s->lowers)
		goto no_memory;
	for (size_t i = stack->n; i-- > 0;) {
		_cleanup_free char *path = template_path(
			stack->refs[i].name, stack->refs[i].version);

		if (!path || asprintf(&s->lowers[s->nlowers], "%s/%s/root",
				      s->store, path) < 0)
			goto no_memory;
		s->nlowers++;
	}
	s->templates = true;
	return 0;
no_memory:
	log_error(-ENOMEM, "finding the templates");
	return -ENOMEM;
}

/* Makes the container if there is none. */
static int ensure_container(const struct mount_source *s)
{
	struct template_stack stack = { 0 };
	struct container c = { 0 };
	int r = container_read(s->storefd, s->container, &c);

	container_release(&c);
	if (r == -ENOENT && !s->o->template) {
		log_error(0, "there is no container %s in %s", s->container,
			  s->store);
		return r;
	}
	if (r == -ENOENT) {
		r = resolve_stack(s, &stack);
		if (r < 0)
			return r;
		r = container_create(s->storefd, s->container, &stack);
		template_stack_release(&stack);
		if (r == -EEXIST) /* another mount was faster */
			r = 0;
	}
	if (r < 0)
		log_error(r, "container %s", s->container);
	return r;
}

/* Whether the container's daemon has a root to serve.  One that was unmounted
 * holds the lock until all is on disk. */
static bool is_served(const struct mount_source *s)
{
	struct container_mount m = { 0 };
	bool served = false;

	if (container_get_mount(s->storefd, s->container, &m) == 0) {
		served = mountpoint_in_use(m.mountpoint);
		if (served)
			log_error(0, "container %s is mounted already, on %s",
				  s->container, m.mountpoint);
	}
	container_mount_release(&m);
	return served;
}

/* Takes the lock.  umount(2) returns before the daemon is gone, and a mount
 * that follows must not fail because of that: so it waits a while. */
static int lock_container(struct mount_source *s)
{
	int r;

	for (int waited = 0;; waited += LOCK_RETRY_MS) {
		r = container_lock(s->storefd, s->container);
		if (r >= 0) {
			s->lockfd = r;
			return 0;
		}
		if (r == -EBUSY && is_served(s))
			return r;
		if (r != -EBUSY || waited >= LOCK_WAIT_MS)
			break;
		usleep(LOCK_RETRY_MS * 1000);
	}
	log_error(r, "locking container %s", s->container);
	return r;
}

/*
 * Whether template= says what the record says.  A version that is not written
 * agrees with any: `current` moves on, and a line in fstab must not stop
 * working when it does.
 */
static bool stack_agrees(const struct template_stack *asked,
			 const struct template_stack *record)
{
	if (asked->n != record->n)
		return false;
	for (size_t i = 0; i < asked->n; i++) {
		const char *version = asked->refs[i].version;

		if (strcmp(asked->refs[i].name, record->refs[i].name))
			return false;
		if (version && strncmp(version, record->refs[i].version,
				       strlen(version)))
			return false;
	}
	return true;
}

static int check_stack(const struct mount_source *s, const struct container *c)
{
	struct template_stack asked = { 0 };
	bool agrees;
	int r;

	if (!s->o->template)
		return 0;
	r = template_stack_parse(s->o->template, &asked);
	if (r < 0) {
		log_error(r, "template %s", s->o->template);
		return r;
	}
	agrees = stack_agrees(&asked, &c->stack);
	template_stack_release(&asked);
	if (agrees)
		return 0;
	log_error(0, "container %s stands on other templates than %s",
		  s->container, s->o->template);
	return -EINVAL;
}

/* The container's private area and the stack of its record. */
static int add_container(struct mount_source *s)
{
	struct container c = { 0 };
	int r;

	r = ensure_container(s);
	if (r < 0)
		return r;
	r = lock_container(s);
	if (r < 0)
		return r;
	r = container_read(s->storefd, s->container, &c);
	if (r < 0) {
		log_error(r, "container %s", s->container);
		return r;
	}
	r = check_stack(s, &c);
	if (r == 0)
		r = add_templates(s, &c.stack);
	container_release(&c);
	if (r < 0)
		return r;
	if (asprintf(&s->upper, "%s/containers/%s/private", s->store,
		     s->container) < 0)
		s->upper = NULL;
	if (asprintf(&s->work, "%s/containers/%s/work", s->store,
		     s->container) < 0)
		s->work = NULL;
	if (!s->upper || !s->work) {
		log_error(-ENOMEM, "container %s", s->container);
		return -ENOMEM;
	}
	return 0;
}

int mount_source_open(struct mount_source *s)
{
	struct template_stack stack = { 0 };
	int r;

	if (!s->store)
		return 0;
	if (s->container && !store_container_name_ok(s->container)) {
		log_error(0, "\"%s\" is no name for a container",
			  s->container);
		return -EINVAL;
	}
	r = store_open(s->store, false);
	if (r < 0) {
		log_error(r, "store %s", s->store);
		return r;
	}
	s->storefd = r;
	if (s->container)
		return add_container(s);
	r = resolve_stack(s, &stack);
	if (r < 0)
		return r;
	r = add_templates(s, &stack);
	template_stack_release(&stack);
	return r;
}

/* One layer that the mount point could lie in. */
struct layer_id {
	const char *what;
	char **path;   /* in struct mount_source */
	bool is_lower; /* not a template: it may hold the mount point */
	dev_t dev;
	ino_t ino;
};

static int layer_identify(struct layer_id *l, const char *what, char **path,
			  bool is_lower)
{
	struct stat st;

	if (stat(*path, &st) < 0) {
		int r = -errno;

		log_error(r, "%s %s", what, *path);
		return r;
	}
	*l = (struct layer_id){ what, path, is_lower, st.st_dev, st.st_ino };
	return 0;
}

static int identify_all(struct mount_source *s, struct layer_id *ids,
			size_t *ret_n)
{
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->nlowers; i++)
		r = layer_identify(&ids[n++], s->templates ? "template"
							   : "lowerdir",
				   &s->lowers[i], !s->templates);
	if (r == 0 && s->upper)
		r = layer_identify(&ids[n++], s->container ? "private area"
							   : "upperdir",
				   &s->upper, false);
	if (r == 0 && s->work)
		r = layer_identify(&ids[n++], "workdir", &s->work, false);
	*ret_n = n;
	return r;
}

static int identify_fd(int fd, struct statx *ret)
{
	return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
		     STATX_INO | STATX_MNT_ID, ret) < 0 ? -errno : 0;
}

static bool same_dir(const struct statx *a, const struct statx *b)
{
	return a->stx_mnt_id == b->stx_mnt_id && a->stx_ino == b->stx_ino &&
	       a->stx_dev_major == b->stx_dev_major &&
	       a->stx_dev_minor == b->stx_dev_minor;
}

/*
 * Makes the layer's path lead into a private clone of its mount, as overlayfs
 * does for each layer.
 */
static int clone_layer(struct mount_source *s, struct layer_id *l)
{
	struct mount_attr private = { .propagation = MS_PRIVATE };
	_cleanup_fd int fd = open_tree(AT_FDCWD, *l->path, OPEN_TREE_CLONE |
							   OPEN_TREE_CLOEXEC);
	char *path;
	int *more;

	/* Private, or the new mount would propagate to the clone. */
	if (fd < 0 ||
	    mount_setattr(fd, "", AT_EMPTY_PATH, &private, sizeof(private)) < 0)
		return -errno;
	more = reallocarray(s->clones, s->nclones + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	s->clones = more;
	if (asprintf(&path, "/proc/self/fd/%d", fd) < 0)
		return -ENOMEM;
	free(*l->path);
	*l->path = path;
	s->clones[s->nclones++] = take_fd(&fd);
	return 0;
}

/* The mount point lies in this layer, or is its root. */
static int found_inside(struct mount_source *s, struct layer_id *l,
			bool is_root, const char *mountpoint)
{
	int r = -EBUSY;

	/* Covering a layer hides it from others only: ours is open by then. */
	if (l->is_lower && is_root)
		return 0;
	if (l->is_lower)
		r = clone_layer(s, l);
	if (r < 0)
		log_error(r == -EBUSY ? 0 : r,
			  "cannot mount on %s: it lies in the %s %s",
			  mountpoint, l->what, *l->path);
	return r;
}

/*
 * Walks from the mount point up to the root by "..", so that bind mounts and
 * other names of a layer are seen through, as comparing paths would not.
 */
static int check_upwards(struct mount_source *s, const char *mountpoint,
			 struct layer_id *ids, size_t n)
{
	_cleanup_fd int fd = open(mountpoint,
				  O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statx stx, above;
	int r = fd < 0 ? -errno : identify_fd(fd, &stx);

	for (bool first = true; r == 0; first = false) {
		dev_t dev = makedev(stx.stx_dev_major, stx.stx_dev_minor);
		int up;

		for (size_t i = 0; i < n; i++) {
			if (ids[i].dev != dev || ids[i].ino != stx.stx_ino)
				continue;
			r = found_inside(s, &ids[i], first, mountpoint);
			if (r < 0)
				return r;
		}
		up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (up < 0) {
			r = -errno;
			break;
		}
		close(fd);
		fd = up;
		r = identify_fd(fd, &above);
		if (r == 0 && same_dir(&stx, &above))
			return 0;
		stx = above;
	}
	log_error(r, "mount point %s", mountpoint);
	return r;
}

int mount_source_check(struct mount_source *s, const char *mountpoint)
{
	_cleanup_free struct layer_id *ids =
		calloc(s->nlowers + 2, sizeof(*ids));
	size_t n;
	int r;

	if (!ids) {
		log_error(-ENOMEM, "checking the mount point");
		return -ENOMEM;
	}
	r = identify_all(s, ids, &n);
	return r < 0 ? r : check_upwards(s, mountpoint, ids, n);
}

void mount_source_release(struct mount_source *s)
{
	for (size_t i = 0; i < s->nlowers; i++)
		free(s->lowers[i]);
	free(s->lowers);
	for (size_t i = 0; i < s->nclones; i++)
		close(s->clones[i]);
	free(s->clones);
	free(s->upper);
	free(s->work);
	free(s->store);
	if (s->storefd >= 0)
		close(s->storefd);
	if (s->lockfd >= 0)
		close(s->lockfd);
	memset(s, 0, sizeof(*s));
	s->storefd = s->lockfd = -1;
}

