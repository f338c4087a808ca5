/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small language of file operations: one system call a line, one line of
 * result.  compare.c runs written scripts, random.c generated ones, so that
 * the log of a failed random run is a script that can be run again and cut
 * down.
 *
 *	[as UID:GID] OPERATION ARGUMENT...
 *
 * Paths are relative to the script's root directory.  @N stands for a name of
 * N bytes, "" for the empty path.  Descriptors and mappings are numbered
 * slots.  Numbers are as in C, with suffix k or M.  The operations are in
 * script_ops.h.
 *
 * A result never holds what differs between two file systems that behave the
 * same: no inode or device number, no time of "now", and of directories
 * neither the size (a file system's own business) nor the link count (1 for a
 * merged directory, by the leave that POSIX gives), of a FIFO no modification
 * time (what is written to it is in the kernel's inode alone, the file system
 * never hears of it).
 *
 * Thread safety: one struct script belongs to one thread.  Ownership: the
 * caller's struct; script_release() closes what the script opened.  Errors:
 * of the operations, in the result; of the script itself, exit status 2.
 */
#ifndef TESTS_FS_SCRIPT_H
#define TESTS_FS_SCRIPT_H

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define SCRIPT_FDS 16
#define SCRIPT_MAPS 4
#define SCRIPT_ARGS 8
#define SCRIPT_LINE 2048

/* What a test sets is before, what happens now is after.  September 2020. */
#define SCRIPT_OLD 1600000000

struct script {
	int root;
	int fd[SCRIPT_FDS];
	struct script_map {
		unsigned char *at;
		size_t len;
	} map[SCRIPT_MAPS];
	char out[SCRIPT_LINE];
	size_t used;
};

struct script_op {
	const char *name;
	int args; /* at least */
	long (*run)(struct script *s, char **a);
};

/* Defined by script_ops.h. */
extern const struct script_op script_ops[];

struct script_name {
	const char *name;
	long value;
};

#define N(x)                                                                   \
	{                                                                      \
		#x, x                                                          \
	}
static const struct script_name script_names[] = {
	N(O_RDONLY), N(O_WRONLY), N(O_RDWR), N(O_CREAT), N(O_EXCL), N(O_TRUNC),
	N(O_APPEND), N(O_NONBLOCK), N(O_DSYNC), N(O_SYNC), N(O_DIRECT),
	N(O_DIRECTORY), N(O_NOFOLLOW), N(O_NOATIME), N(O_PATH), N(O_TMPFILE),
	N(RENAME_NOREPLACE), N(RENAME_EXCHANGE), N(RENAME_WHITEOUT),
	N(FALLOC_FL_KEEP_SIZE), N(FALLOC_FL_PUNCH_HOLE),
	N(FALLOC_FL_ZERO_RANGE), N(FALLOC_FL_COLLAPSE_RANGE),
	N(FALLOC_FL_INSERT_RANGE), N(XATTR_CREATE), N(XATTR_REPLACE),
	N(SEEK_SET), N(SEEK_CUR), N(SEEK_END), N(SEEK_DATA), N(SEEK_HOLE),
	N(PROT_READ), N(PROT_WRITE), N(PROT_EXEC), N(MAP_SHARED),
	N(MAP_PRIVATE), N(R_OK), N(W_OK), N(X_OK), N(F_OK), N(S_IFREG),
	N(S_IFDIR), N(S_IFIFO), N(S_IFSOCK), N(S_IFCHR), N(S_IFBLK),
	N(F_RDLCK), N(F_WRLCK), N(F_UNLCK), N(AT_SYMLINK_NOFOLLOW),
};
#undef N

static void script_die(const char *what, const char *arg)
{
	fprintf(stderr, "script: %s: %s\n", what, arg);
	exit(2);
}

/* Adds to the result. */
__attribute__((format(printf, 2, 3))) static void
say(struct script *s, const char *fmt, ...)
{
	size_t left = sizeof(s->out) - s->used;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(s->out + s->used, left, fmt, ap);
	va_end(ap);
	s->used += n < 0 ? 0 : (size_t)n < left ? (size_t)n : left - 1;
}

static long long num(const char *text)
{
	char *end;
	long long v = strtoll(text, &end, 0);

	if (*end == 'k' || *end == 'M')
		v *= *end++ == 'k' ? 1 << 10 : 1 << 20;
	if (end == text || *end)
		script_die("not a number", text);
	return v;
}

/* Names joined by |, or a number. */
static long flags(const char *text)
{
	const size_t n = sizeof(script_names) / sizeof(script_names[0]);
	char copy[256], *save = NULL, *t;
	long v = 0;
	size_t i;

	if ((*text >= '0' && *text <= '9') || *text == '-')
		return num(text);
	snprintf(copy, sizeof(copy), "%s", text);
	for (t = strtok_r(copy, "|", &save); t; t = strtok_r(NULL, "|", &save)) {
		for (i = 0; i < n && strcmp(t, script_names[i].name); i++)
			;
		if (i == n)
			script_die("unknown flag", t);
		v |= script_names[i].value;
	}
	return v;
}

static unsigned slot(const char *text, unsigned max)
{
	long long v = num(text);

	if (v < 0 || v >= max)
		script_die("no such slot", text);
	return v;
}

static int fd_of(struct script *s, const char *text)
{
	return s->fd[slot(text, SCRIPT_FDS)];
}

static uint64_t hash(uint64_t h, const void *data, size_t len)
{
	const unsigned char *p = data;

	while (len--)
		h = (h ^ *p++) * 0x100000001b3;
	return h;
}

#define HASH_INIT 0xcbf29ce484222325

/* The bytes that operation `seed` writes. */
static void fill(unsigned char *p, size_t len, uint64_t seed)
{
	uint64_t x = seed * 0x9e3779b97f4a7c15 + 1;

	for (size_t i = 0; i < len; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		p[i] = x;
	}
}

/* Aligned, because the descriptor may be O_DIRECT. */
static unsigned char *buffer(size_t len)
{
	void *p;

	if (posix_memalign(&p, 4096, len ? len : 1))
		script_die("no memory", "buffer");
	memset(p, 0, len);
	return p;
}

static void say_time(struct script *s, const char *what, struct timespec t)
{
	if (t.tv_sec < SCRIPT_OLD)
		say(s, " %s=%lld.%09ld", what, (long long)t.tv_sec, t.tv_nsec);
	else
		say(s, " %s=new", what);
}

static void say_stat(struct script *s, const struct stat *st)
{
	static const char types[] = "?pc?d?b?-?l?s???";

	say(s, " %c%04o %u:%u", types[(st->st_mode >> 12) & 15],
	    st->st_mode & 07777, st->st_uid, st->st_gid);
	if (!S_ISDIR(st->st_mode))
		say(s, " nlink=%lu size=%lld", (unsigned long)st->st_nlink,
		    (long long)st->st_size);
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		say(s, " rdev=%lx", (unsigned long)st->st_rdev);
	if (!S_ISFIFO(st->st_mode))
		say_time(s, "mtime", st->st_mtim);
}

/* A mapping is touched between setting and clearing script_touching. */
static sigjmp_buf script_fault;
static volatile sig_atomic_t script_touching;

static void on_fault(int sig)
{
	if (script_touching)
		siglongjmp(script_fault, sig);
	signal(sig, SIG_DFL);
}

static void script_init(struct script *s, int root)
{
	memset(s, 0, sizeof(*s));
	s->root = root;
	for (int i = 0; i < SCRIPT_FDS; i++)
		s->fd[i] = -1;
	signal(SIGBUS, on_fault);
	signal(SIGSEGV, on_fault);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	umask(022);
	if (getuid() == 0 && setgroups(0, NULL))
		script_die("setgroups", strerror(errno));
}

/* Closes descriptors and mappings, not the root. */
static void script_release(struct script *s)
{
	for (int i = 0; i < SCRIPT_FDS; i++) {
		if (s->fd[i] >= 0)
			close(s->fd[i]);
		s->fd[i] = -1;
	}
	for (int i = 0; i < SCRIPT_MAPS; i++) {
		if (s->map[i].at)
			munmap(s->map[i].at, s->map[i].len);
		s->map[i].at = NULL;
	}
}

/* "" and @N, in place or into `room`. */
static char *expand(char *arg, char *room, size_t size)
{
	char *at = strchr(arg, '@');
	size_t n;

	if (!strcmp(arg, "\"\""))
		return arg + 2;
	if (!at || at[1] < '0' || at[1] > '9' || strchr(arg, '='))
		return arg;
	n = strtoul(at + 1, NULL, 10);
	if (at - arg + n >= size)
		script_die("name too long", arg);
	memcpy(room, arg, at - arg);
	memset(room + (at - arg), 'n', n);
	room[at - arg + n] = '\0';
	return room;
}

/* Runs one line; the result is in s->out: "= 0 ..." or "= -1 ENOENT ...". */
static void script_run(struct script *s, const char *line)
{
	static char room[SCRIPT_ARGS][8192];
	char copy[SCRIPT_LINE], *save = NULL, *t, *a[SCRIPT_ARGS + 1] = {0};
	const struct script_op *op = script_ops;
	unsigned uid = 0, gid = 0;
	char head[64];
	size_t tail;
	int n = 0;
	long ret;

	s->used = 0;
	s->out[0] = '\0';
	snprintf(copy, sizeof(copy), "%s", line);
	t = strtok_r(copy, " \t\n", &save);
	if (t && !strcmp(t, "as")) {
		t = strtok_r(NULL, " \t\n", &save);
		if (!t || sscanf(t, "%u:%u", &uid, &gid) != 2)
			script_die("as whom", line);
		t = strtok_r(NULL, " \t\n", &save);
	}
	while (t && op->name && strcmp(op->name, t))
		op++;
	if (!t || !op->name)
		script_die("unknown operation", line);
	while (n < SCRIPT_ARGS && (t = strtok_r(NULL, " \t\n", &save))) {
		a[n] = expand(t, room[n], sizeof(room[n]));
		n++;
	}
	if (n < op->args)
		script_die("arguments missing", line);
	setfsgid(gid);
	setfsuid(uid);
	errno = 0;
	ret = op->run(s, a);
	tail = errno;
	setfsuid(0);
	setfsgid(0);
	if (ret >= 0)
		snprintf(head, sizeof(head), "= %ld", ret);
	else
		snprintf(head, sizeof(head), "= -1 %s",
			 strerrorname_np((int)tail) ?: "E0");
	tail = strlen(head);
	if (tail + s->used >= sizeof(s->out))
		s->used = sizeof(s->out) - tail - 1;
	memmove(s->out + tail, s->out, s->used);
	memcpy(s->out, head, tail);
	s->used += tail;
	s->out[s->used] = '\0';
}

#endif
