/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of passthrough need beyond fsop.
 *
 *	passthru pfn FILE FILE
 *		Are the first pages of both one page of memory?  Status 0: yes.
 *	passthru random SEED STEPS DIR FILE...
 *		Opens, reads, writes, maps, truncates and closes the files in
 *		DIR in any order, and compares with a model.  A FILE that ends
 *		with ":" is of the shared class: what was opened for reading
 *		before its first change may go on with the first content.
 *	passthru storm SEED SECONDS FILE...
 *		The same calls by 8 processes at once: none may fail.
 *	passthru hold FILE... -- COMMAND...
 *		Runs the command while the files are open for reading.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_SIZE (64 << 10)
#define MAX_FILES 16
#define MAX_FDS 24
#define PAGE 4096

struct content {
	char data[MAX_SIZE];
	size_t len;
};

struct target {
	char path[4096];
	bool shared, changed;
	struct content first, now;
};

struct handle {
	struct target *t;
	int fd, flags;
	bool early;	  /* opened before the first change */
	char *map;	  /* of the first page, or NULL */
};

static struct target targets[MAX_FILES];
static struct handle handles[MAX_FDS];
static int ntargets;
static unsigned long step;

static void die(const char *fmt, ...) __attribute__((noreturn));
static void die(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	fprintf(stderr, "passthru: step %lu: ", step);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, " (%s)\n", strerror(err));
	exit(1);
}

static unsigned below(unsigned n)
{
	return (unsigned)rand() % n;
}

static void set_content(struct content *c, size_t off, const char *buf,
			size_t len)
{
	if (off > c->len)
		memset(c->data + c->len, 0, off - c->len);
	memcpy(c->data + off, buf, len);
	if (off + len > c->len)
		c->len = off + len;
}

static void set_size(struct content *c, size_t len)
{
	if (len > c->len)
		memset(c->data + c->len, 0, len - c->len);
	c->len = len;
}

static bool same(const struct content *c, const char *buf, size_t off,
		 size_t len, size_t got)
{
	size_t want = off >= c->len ? 0 : c->len - off;

	if (want > len)
		want = len;
	return got == want && !memcmp(c->data + off, buf, got);
}

static struct handle *any_handle(void)
{
	int start = (int)below(MAX_FDS);

	for (int i = 0; i < MAX_FDS; i++)
		if (handles[(start + i) % MAX_FDS].t)
			return &handles[(start + i) % MAX_FDS];
	return NULL;
}

static bool may_read(const struct handle *h)
{
	return (h->flags & O_ACCMODE) != O_WRONLY;
}

static bool may_write(const struct handle *h)
{
	return (h->flags & O_ACCMODE) != O_RDONLY;
}

static void do_open(void)
{
	static const int modes[] = { O_RDONLY, O_RDONLY, O_RDONLY, O_WRONLY,
				     O_RDWR };
	struct target *t = &targets[below((unsigned)ntargets)];
	struct handle *h = NULL;

	for (int i = 0; i < MAX_FDS && !h; i++)
		if (!handles[i].t)
			h = &handles[i];
	if (!h)
		return;
	h->flags = modes[below(5)];
	if (may_write(h) && !below(3))
		h->flags |= O_APPEND;
	if (may_write(h) && !below(8))
		h->flags |= O_TRUNC;
	h->fd = open(t->path, h->flags | O_CLOEXEC);
	if (h->fd < 0)
		die("open %s %x", t->path, h->flags);
	h->t = t;
	h->early = !t->changed && !may_write(h);
	h->map = NULL;
	if (h->flags & O_TRUNC)
		set_size(&t->now, 0);
	t->changed |= may_write(h);
}

static void do_close(void)
{
	struct handle *h = any_handle();

	if (!h)
		return;
	if (h->map)
		munmap(h->map, PAGE);
	if (close(h->fd))
		die("close %s", h->t->path);
	h->t = NULL;
}

static void do_read(void)
{
	struct handle *h = any_handle();
	char buf[8192];
	size_t off = below(MAX_SIZE), len = 1 + below(sizeof(buf));
	struct stat st;
	ssize_t n;

	if (!h || !may_read(h))
		return;
	n = pread(h->fd, buf, len, (off_t)off);
	if (n < 0)
		die("read %s", h->t->path);
	if (same(&h->t->now, buf, off, len, (size_t)n)) {
		if (!fstat(h->fd, &st) && st.st_size != (off_t)h->t->now.len &&
		    !(h->t->shared && h->early))
			die("%s: fstat says %ld, not %zu", h->t->path,
			    (long)st.st_size, h->t->now.len);
		return;
	}
	if (!(h->t->shared && h->early &&
	      same(&h->t->first, buf, off, len, (size_t)n)))
		die("%s at %zu: other content", h->t->path, off);
}

static void do_write(void)
{
	struct handle *h = any_handle();
	char buf[8192];
	size_t off = below(MAX_SIZE - sizeof(buf));
	size_t len = 1 + below(sizeof(buf));

	if (!h || !may_write(h))
		return;
	memset(buf, 'a' + (int)below(26), len);
	if (h->flags & O_APPEND) {
		off = h->t->now.len;
		if (off + len > MAX_SIZE)
			return;
		if (write(h->fd, buf, len) != (ssize_t)len)
			die("append %s", h->t->path);
	} else if (pwrite(h->fd, buf, len, (off_t)off) != (ssize_t)len) {
		die("write %s", h->t->path);
	}
	set_content(&h->t->now, off, buf, len);
}

static void do_map(void)
{
	struct handle *h = any_handle();
	int prot;

	if (!h || !may_read(h) || h->t->now.len < PAGE ||
	    h->t->first.len < PAGE)
		return;
	if (!h->map) {
		prot = may_write(h) ? PROT_READ | PROT_WRITE : PROT_READ;
		h->map = mmap(NULL, PAGE, prot, MAP_SHARED, h->fd, 0);
		if (h->map == MAP_FAILED)
			die("mmap %s", h->t->path);
	}
	if (!same(&h->t->now, h->map, 0, PAGE, PAGE) &&
	    !(h->t->shared && h->early &&
	      same(&h->t->first, h->map, 0, PAGE, PAGE)))
		die("%s: other content in the mapping", h->t->path);
	if (!may_write(h))
		return;
	h->map[below(PAGE)] = 'M';
	memcpy(h->t->now.data, h->map, PAGE);
}

static void do_truncate(void)
{
	struct target *t = &targets[below((unsigned)ntargets)];
	struct handle *h = any_handle();
	/* Mappings of the first page are to stay usable. */
	size_t len = PAGE + below(MAX_SIZE - PAGE);

	if (h && may_write(h) && below(2)) {
		t = h->t;
		if (ftruncate(h->fd, (off_t)len))
			die("ftruncate %s", t->path);
	} else if (!below(4)) {
		if (truncate(t->path, (off_t)len))
			die("truncate %s", t->path);
	} else {
		return;
	}
	set_size(&t->now, len);
	t->changed = true;
}

static void do_attr(void)
{
	struct target *t = &targets[below((unsigned)ntargets)];
	struct handle *h = any_handle();
	mode_t mode = below(3) ? 0644 : 04755;
	struct stat st;

	if (h && below(2) ? fchmod(h->fd, (t = h->t, mode)) :
			    chmod(t->path, mode))
		die("chmod %s", t->path);
	if (stat(t->path, &st) || (st.st_mode & 07777) != mode)
		die("%s: mode %o after chmod %o", t->path, st.st_mode, mode);
}

static void do_stat(void)
{
	struct target *t = &targets[below((unsigned)ntargets)];
	struct stat st;

	if (stat(t->path, &st))
		die("stat %s", t->path);
	if (st.st_size != (off_t)t->now.len)
		die("%s: stat says %ld, not %zu", t->path, (long)st.st_size,
		    t->now.len);
}

static void load(struct target *t, const char *dir, const char *name)
{
	size_t len = strlen(name);
	ssize_t n;
	int fd;

	t->shared = len && name[len - 1] == ':';
	snprintf(t->path, sizeof(t->path), "%s/%.*s", dir,
		 (int)(len - t->shared), name);
	fd = open(t->path, O_RDONLY);
	n = fd < 0 ? -1 : read(fd, t->now.data, MAX_SIZE);
	if (n < 0)
		die("%s", t->path);
	close(fd);
	t->now.len = (size_t)n;
	t->first = t->now;
}

static int random_main(char **args)
{
	static void (*const calls[])(void) = {
		do_open, do_open, do_open, do_close, do_close, do_read, do_read,
		do_read, do_write, do_write, do_map, do_truncate, do_attr,
		do_stat,
	};
	unsigned long steps = strtoul(args[1], NULL, 0);

	srand((unsigned)strtoul(args[0], NULL, 0));
	for (char **name = args + 3; *name && ntargets < MAX_FILES; name++)
		load(&targets[ntargets++], args[2], *name);
	for (step = 1; step <= steps; step++) {
		/* Now and then all are closed, so that ways can change. */
		for (int i = 0; !below(200) && i < MAX_FDS * 2; i++)
			do_close();
		calls[below(sizeof(calls) / sizeof(*calls))]();
	}
	return 0;
}

/* One process's part: any call, on any of the files. */
static void storm(char **files, int n, time_t end)
{
	char buf[PAGE], *map;
	const char *path;
	int fd, flags;

	while (time(NULL) < end) {
		step++;
		path = files[below((unsigned)n)];
		flags = below(4) ? O_RDONLY : below(2) ? O_RDWR : O_WRONLY;
		if (flags != O_RDONLY && !below(5))
			flags |= O_APPEND;
		fd = open(path, flags);
		if (fd < 0)
			die("open %s %x", path, flags);
		if ((flags & O_ACCMODE) != O_WRONLY &&
		    pread(fd, buf, PAGE, 0) < 0)
			die("read %s", path);
		if ((flags & O_ACCMODE) == O_RDWR && below(2)) {
			map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				   MAP_SHARED, fd, 0);
			if (map == MAP_FAILED)
				die("mmap %s", path);
			if (!ftruncate(fd, PAGE))
				map[0] = 's';
			munmap(map, PAGE);
		} else if ((flags & O_ACCMODE) != O_RDONLY &&
			   write(fd, "storm", 5) != 5) {
			die("write %s", path);
		}
		if (!below(3))
			usleep(below(2000));
		if (!below(20) && chmod(path, below(2) ? 0644 : 0755))
			die("chmod %s", path);
		if (close(fd))
			die("close %s", path);
	}
}

static int storm_main(char **args)
{
	time_t end = time(NULL) + strtol(args[1], NULL, 0);
	char **files = args + 2;
	int n = 0, status, rc = 0;

	while (files[n])
		n++;
	for (int i = 0; i < 8; i++) {
		if (fork())
			continue;
		srand((unsigned)strtoul(args[0], NULL, 0) + (unsigned)i);
		storm(files, n, end);
		_exit(0);
	}
	while (wait(&status) > 0)
		rc |= status != 0;
	return rc;
}

static uint64_t pfn(const char *path)
{
	int fd = open(path, O_RDONLY);
	int map = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry = 0;
	char *p;

	if (fd < 0 || map < 0)
		die("%s", path);
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		die("mmap %s", path);
	*(volatile char *)p;
	if (pread(map, &entry, sizeof(entry),
		  (off_t)((uintptr_t)p / PAGE * sizeof(entry))) !=
	    sizeof(entry))
		die("pagemap");
	return entry & ((1ULL << 55) - 1);
}

static void hold(char **args)
{
	for (; *args && strcmp(*args, "--"); args++)
		if (open(*args, O_RDONLY) < 0)
			die("%s", *args);
	if (*args && args[1])
		execvp(args[1], args + 1);
	die("no command");
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "pfn"))
		return !pfn(argv[2]) || pfn(argv[2]) != pfn(argv[3]);
	if (argc > 5 && !strcmp(argv[1], "random"))
		return random_main(argv + 2);
	if (argc > 4 && !strcmp(argv[1], "storm"))
		return storm_main(argv + 2);
	if (argc > 2 && !strcmp(argv[1], "hold"))
		hold(argv + 2);
	fputs("usage: passthru pfn|random|storm|hold ...\n", stderr);
	return 2;
}
