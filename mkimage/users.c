// SPDX-License-Identifier: Apache-2.0
#include "mkimage/users.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/fileio.h"
#include "base/store.h"
#include "mkimage/inodes.h"

#define DAEMON "stencilfs"
#define COMM_MAX 64

struct search {
	dev_t dev; /* of the version's root/ */
	ino_t ino;
	char *path;    /* "/templates/NAME/VERSION" */
	char *current; /* "/templates/NAME/current" */
	struct inodes namespaces; /* those whose mounts were looked at */
	/* Mount namespaces: this program's, and that of who called it, which
	 * differ when it has taken its own to write to a protected store. */
	ino_t own, caller;
	char **found;
	size_t n;
};

/* The process in work. */
struct process {
	struct search *s;
	int fd; /* /proc/PID */
	const char *pid;
	char comm[COMM_MAX];
};

static int add(struct search *s, char *text)
{
	char **grown = text ? reallocarray(s->found, s->n + 2, sizeof(*grown))
			    : NULL;

	if (!grown) {
		free(text);
		return -ENOMEM;
	}
	s->found = grown;
	grown[s->n++] = text;
	grown[s->n] = NULL;
	return 0;
}

static bool is_root(const struct search *s, const struct stat *st)
{
	return st->st_dev == s->dev && st->st_ino == s->ino;
}

/* Up to the top, by "..", which no name of a mount namespace misleads. */
static bool is_inside(const struct search *s, int fd)
{
	_cleanup_fd int at = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	struct stat st, above;

	if (at < 0 || fstat(at, &st))
		return false;
	if (!S_ISDIR(st.st_mode))
		return false;
	for (;; st = above) {
		int up;

		if (is_root(s, &st))
			return true;
		if (st.st_dev != s->dev)
			return false;
		up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(take_fd(&at));
		at = up;
		if (at < 0 || fstat(at, &above) ||
		    (above.st_dev == st.st_dev && above.st_ino == st.st_ino))
			return false;
	}
}

/* Cuts at the first `end` that no backslash precedes: the rest, or NULL. */
static char *cut(char *s, char end)
{
	for (; *s; s++) {
		if (*s == '\\' && s[1]) {
			s++;
		} else if (*s == end) {
			*s = '\0';
			return s + 1;
		}
	}
	return NULL;
}

static void drop_backslashes(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (*s == '\\' && s[1])
			s++;
		*out++ = *s;
	}
	*out = '\0';
}

/* The path, or the part of it, stands in the text with a whole last name. */
static bool names(const char *text, const char *path)
{
	const char *at = strstr(text, path);
	char behind = at ? at[strlen(path)] : 'x';

	return behind == '\0' || behind == '/';
}

static int open_in(const struct process *p, const char *path)
{
	char full[PATH_MAX + 8];

	snprintf(full, sizeof(full), "root%s", path);
	return openat(p->fd, full, O_PATH | O_CLOEXEC);
}

/* A lower directory, as the mount was told it.  Which version `current` was
 * then is not known any more: it may have been this one. */
static bool lower_uses(const struct process *p, char *lower)
{
	_cleanup_fd int fd = -1;

	drop_backslashes(lower);
	if (names(lower, p->s->current))
		return true;
	if (lower[0] != '/')
		return names(lower, p->s->path + 1);
	fd = open_in(p, lower);
	return fd < 0 ? names(lower, p->s->path) : is_inside(p->s, fd);
}

static bool overlay_uses(const struct process *p, char *options)
{
	for (char *next; options; options = next) {
		char *value;

		next = cut(options, ',');
		value = strchr(options, '=');
		if (!value || strncmp(options, "lowerdir", 8))
			continue;
		for (char *lower = value + 1, *more; lower; lower = more) {
			more = cut(lower, ':');
			if (lower_uses(p, lower))
				return true;
		}
	}
	return false;
}

struct mount_line {
	char *device, *root, *where, *type, *options;
};

/* Fields of a line of mountinfo, see proc(5). */
static bool parse_line(char *line, struct mount_line *ret)
{
	char *dash = strstr(line, " - "), *save, *field[5];

	if (!dash)
		return false;
	*dash = '\0';
	line[strcspn(line, "\n")] = '\0';
	dash[3 + strcspn(dash + 3, "\n")] = '\0';
	for (int i = 0; i < 5; i++) {
		field[i] = strtok_r(i ? NULL : line, " ", &save);
		if (!field[i])
			return false;
	}
	ret->device = field[2];
	ret->root = field[3];
	ret->where = field[4];
	ret->type = strtok_r(dash + 3, " ", &save);
	ret->options = strtok_r(NULL, " ", &save) ? strtok_r(NULL, " ", &save)
						  : NULL;
	if (!ret->type || !ret->options)
		return false;
	escape_undo_octal(ret->root);
	escape_undo_octal(ret->where);
	escape_undo_octal(ret->options);
	return true;
}

/* btrfs has other device numbers there than stat(2) tells. */
static bool same_device(const struct search *s, const struct mount_line *m)
{
	unsigned int maj, min;

	return !strcmp(m->type, "btrfs") ||
	       (sscanf(m->device, "%u:%u", &maj, &min) == 2 &&
		makedev(maj, min) == s->dev);
}

/* What is mounted is this tree, or something in it. */
static bool bind_uses(const struct process *p, const struct mount_line *m)
{
	const char *at = names(m->root, p->s->path)
				 ? strstr(m->root, p->s->path) : NULL;
	_cleanup_fd int fd = -1;
	struct stat st;

	if (!at || !same_device(p->s, m))
		return false;
	if (strcmp(at + strlen(p->s->path), "/root"))
		return true;
	/* Another store on this file system may have the same version. */
	fd = open_in(p, m->where);
	return fd < 0 || fstat(fd, &st) || is_root(p->s, &st);
}

static int add_mount(const struct process *p, ino_t namespace,
		     const char *where)
{
	_cleanup_bytes struct bytes name = BYTES_INIT;
	int r = escape_name(where, &name);
	char *text;

	if (r)
		return r;
	if (namespace == p->s->caller)
		r = asprintf(&text, "the mount %s", name.data);
	else
		r = asprintf(&text, "the mount %s of process %s (%s)",
			     name.data, p->pid, p->comm);
	return r < 0 ? -ENOMEM : add(p->s, text);
}

static int check_mounts(const struct process *p, ino_t namespace)
{
	_cleanup_fd int fd = openat(p->fd, "mountinfo", O_RDONLY | O_CLOEXEC);
	_cleanup_file FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	_cleanup_free char *line = NULL;
	struct mount_line m;
	size_t size = 0;
	int r = 0;

	if (!f)
		return 0;
	take_fd(&fd);
	while (!r && getline(&line, &size, f) > 0) {
		bool used;

		if (!parse_line(line, &m))
			continue;
		used = strcmp(m.type, "overlay") ? bind_uses(p, &m)
						 : overlay_uses(p, m.options);
		if (used)
			r = add_mount(p, namespace, m.where);
	}
	return r;
}

/* Only the first process of each mount namespace is asked for its mounts. */
static int check_namespace(const struct process *p)
{
	uint64_t *seen;
	struct stat st;
	int r;

	if (fstatat(p->fd, "ns/mnt", &st, 0))
		return 0;
	r = inodes_get(&p->s->namespaces, st.st_ino, &seen);
	if (r || *seen)
		return r;
	*seen = 1;
	/* What a copy of the caller's namespace has, that has too. */
	if (st.st_ino == p->s->own && p->s->own != p->s->caller)
		return 0;
	return check_mounts(p, st.st_ino);
}

/* A descriptor on the place would keep its mount busy, so one is taken only
 * on the store's own file system; and no daemon, who may hang, is asked. */
static bool on_store(const struct process *p, const char *place)
{
	struct statx stx;

	if (statx(p->fd, place, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_INO,
		  &stx))
		return false;
	return makedev(stx.stx_dev_major, stx.stx_dev_minor) == p->s->dev;
}

static int check_places(const struct process *p)
{
	static const char *const places[] = { "root", "cwd" };
	char *text;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		_cleanup_fd int fd = -1;

		if (!on_store(p, places[i]))
			continue;
		fd = openat(p->fd, places[i], O_PATH | O_CLOEXEC);
		if (fd < 0 || !is_inside(p->s, fd))
			continue;
		if (asprintf(&text, "process %s (%s)", p->pid, p->comm) < 0)
			return -ENOMEM;
		return add(p->s, text);
	}
	return 0;
}

/* The mount point is the last argument. */
static int add_daemon(const struct process *p)
{
	_cleanup_bytes struct bytes args = BYTES_INIT, name = BYTES_INIT;
	int r = fileio_read_file(p->fd, "cmdline", 1 << 20, &args);
	const char *last = "";
	char *text;

	for (size_t i = 0; !r && i < args.len; i += strlen(args.data + i) + 1)
		last = args.data + i;
	if (!r)
		r = escape_name(last, &name);
	if (r)
		return r == -ENOMEM ? r : 0; /* it has ended */
	if (asprintf(&text, "stencilfs on %s (process %s)",
		     name.data ? name.data : "?", p->pid) < 0)
		return -ENOMEM;
	return add(p->s, text);
}

/* stencilfs does not show its layers, but holds them open. */
static int check_daemon(const struct process *p)
{
	_cleanup_dir DIR *dir = NULL;
	struct dirent *d;
	struct stat st;

	if (strcmp(p->comm, DAEMON) || fileio_opendir(p->fd, "fd", &dir))
		return 0;
	while ((d = readdir(dir)))
		if (isdigit((unsigned char)d->d_name[0]) &&
		    !fstatat(dirfd(dir), d->d_name, &st, 0) &&
		    is_root(p->s, &st))
			return add_daemon(p);
	return 0;
}

static bool is_self(const char *pid)
{
	char self[16];

	snprintf(self, sizeof(self), "%d", (int)getpid());
	return !strcmp(pid, self);
}

static int check_process(struct search *s, int procfd, const char *pid)
{
	_cleanup_bytes struct bytes comm = BYTES_INIT;
	_cleanup_fd int fd = openat(procfd, pid,
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct process p = { .s = s, .fd = fd, .pid = pid };
	int r;

	if (fd < 0 || fileio_read_file(fd, "comm", COMM_MAX - 1, &comm))
		return 0;
	snprintf(p.comm, sizeof(p.comm), "%.*s",
		 (int)strcspn(comm.data, "\n"), comm.data);
	r = check_namespace(&p);
	if (!r)
		r = check_daemon(&p);
	/* That this program, too, stands where its user stands is no news. */
	if (!r && !is_self(pid))
		r = check_places(&p);
	return r;
}

static int search(struct search *s)
{
	_cleanup_dir DIR *dir = NULL;
	struct dirent *d;
	int r = fileio_opendir(AT_FDCWD, "/proc", &dir);

	while (!r && (errno = 0, d = readdir(dir)))
		if (isdigit((unsigned char)d->d_name[0])) {
			r = check_process(s, dirfd(dir), d->d_name);
			errno = 0;
		}
	return r ? r : -errno;
}

static ino_t namespace_of(pid_t pid)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	return stat(path, &st) ? 0 : st.st_ino;
}

static int prepare(struct search *s, int storefd, const char *name,
		   const char *version)
{
	_cleanup_free char *path = template_path(name, version);
	_cleanup_free char *current = template_path(name, "current");
	_cleanup_free char *root = NULL;
	struct stat st;

	s->found = calloc(1, sizeof(*s->found));
	if (!path || !current || !s->found)
		return -ENOMEM;
	if (asprintf(&root, "%s/root", path) < 0)
		root = NULL;
	if (asprintf(&s->path, "/%s", path) < 0)
		s->path = NULL;
	if (asprintf(&s->current, "/%s", current) < 0)
		s->current = NULL;
	if (!root || !s->path || !s->current)
		return -ENOMEM;
	if (fstatat(storefd, root, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	s->own = namespace_of(getpid());
	s->caller = namespace_of(getppid());
	if (!s->caller)
		s->caller = s->own;
	return 0;
}

int users_find(int storefd, const char *name, const char *version,
	       char ***ret)
{
	struct search s = { 0 };
	int r = prepare(&s, storefd, name, version);

	if (!r)
		r = search(&s);
	else if (r == -ENOENT)
		r = 0; /* damaged: without a tree nobody uses it */
	inodes_release(&s.namespaces);
	free(s.path);
	free(s.current);
	if (r)
		store_strv_free(s.found);
	else
		*ret = s.found;
	return r;
}
