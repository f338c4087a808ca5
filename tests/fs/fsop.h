/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What fsop.c's operations stand on: arguments, expectations, output.  Only
 * fsop.c includes it and fsop_paths.h (a helper program is built from one .c
 * file).
 *
 * Thread safety: one thread.  Ownership: everything lives until exit.  Errors:
 * operations return 0 or a negative errno; wrong usage ends the program with
 * status 2.
 */
#ifndef STENCIL_TESTS_FSOP_H
#define STENCIL_TESTS_FSOP_H

#include <ctype.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

struct op {
	const char *name;
	int (*fn)(char **args); /* NULL-terminated */
	int nargs;		/* at least */
	const char *help;
};

struct map {
	const char *name;
	char *addr;
	size_t len;
};

static struct {
	const char *name;
	int fd;
} fds[64];
static struct map maps[16];
static char out[1 << 20]; /* what the running operation prints */
static size_t outlen;

static void die(const char *fmt, ...) __attribute__((noreturn));
static void die(const char *fmt, ...)
{
	va_list ap;

	fputs("fsop: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

static void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	outlen += vsnprintf(out + outlen, sizeof(out) - outlen, fmt, ap);
	va_end(ap);
	if (outlen >= sizeof(out))
		die("too much output");
}

/* NULs become dots: the shell cannot hold them. */
static void say_bytes(const char *buf, size_t len)
{
	if (outlen + len >= sizeof(out))
		die("too much output");
	for (size_t i = 0; i < len; i++)
		out[outlen++] = buf[i] ? buf[i] : '.';
}

#define NAME(n) { #n, n }
static const struct {
	const char *name;
	long long value;
} numbers[] = {
	NAME(O_RDONLY), NAME(O_WRONLY), NAME(O_RDWR), NAME(O_CREAT),
	NAME(O_EXCL), NAME(O_TRUNC), NAME(O_APPEND), NAME(O_NOFOLLOW),
	NAME(O_DIRECTORY), NAME(O_PATH), NAME(O_TMPFILE), NAME(O_DIRECT),
	NAME(O_SYNC), NAME(O_NOATIME), NAME(O_NONBLOCK),
	NAME(XATTR_CREATE), NAME(XATTR_REPLACE),
	NAME(RENAME_NOREPLACE), NAME(RENAME_EXCHANGE), NAME(RENAME_WHITEOUT),
	NAME(FALLOC_FL_KEEP_SIZE), NAME(FALLOC_FL_PUNCH_HOLE),
	NAME(FALLOC_FL_ZERO_RANGE), NAME(FALLOC_FL_COLLAPSE_RANGE),
	NAME(SEEK_SET), NAME(SEEK_CUR), NAME(SEEK_END), NAME(SEEK_DATA),
	NAME(SEEK_HOLE), NAME(LOCK_SH), NAME(LOCK_EX), NAME(LOCK_UN),
	NAME(LOCK_NB), NAME(F_RDLCK), NAME(F_WRLCK), NAME(F_UNLCK),
	NAME(PROT_READ), NAME(PROT_WRITE), NAME(MAP_SHARED),
	NAME(MAP_PRIVATE), NAME(FS_IMMUTABLE_FL), NAME(FS_APPEND_FL),
	NAME(FS_NOATIME_FL), NAME(FS_NODUMP_FL), NAME(IN_ALL_EVENTS),
	NAME(IN_MODIFY), NAME(IN_CREATE), NAME(IN_DELETE), NAME(IN_ATTRIB),
	NAME(IN_MOVED_FROM), NAME(IN_MOVED_TO), NAME(IN_OPEN),
	NAME(F_OK), NAME(R_OK), NAME(W_OK), NAME(X_OK), { NULL, 0 },
};

static long long number_one(const char *s, size_t len)
{
	char text[64], *end;
	long long v;

	if (!len || len >= sizeof(text))
		die("not a number: %s", s);
	memcpy(text, s, len);
	text[len] = '\0';
	for (int i = 0; numbers[i].name; i++)
		if (!strcmp(text, numbers[i].name))
			return numbers[i].value;
	v = strtoll(text, &end, 0);
	switch (*end) {
	case 'T':
		v <<= 10; /* fall through */
	case 'G':
		v <<= 10; /* fall through */
	case 'M':
		v <<= 10; /* fall through */
	case 'K':
		v <<= 10;
		end++;
	}
	if (*end)
		die("not a number: %s", text);
	return v;
}

static long long number(const char *s)
{
	long long v = 0;

	for (;;) {
		size_t len = strcspn(s, "|");

		v |= number_one(s, len);
		if (!s[len])
			return v;
		s += len + 1;
	}
}

/* O_DIRECT wants its buffers aligned; the others do not mind. */
static char *aligned(size_t len)
{
	void *p;

	if (posix_memalign(&p, 4096, len ? len : 1))
		die("no memory");
	return p;
}

static char *data(const char *s, size_t *ret_len)
{
	char *buf;

	if (s[0] && s[1] == '*' && isdigit((unsigned char)s[2])) {
		*ret_len = number(s + 2);
		buf = aligned(*ret_len);
		memset(buf, s[0], *ret_len);
		return buf;
	}
	*ret_len = strlen(s);
	buf = aligned(*ret_len);
	memcpy(buf, s, *ret_len);
	return buf;
}

static int fd_of(const char *name)
{
	if (isdigit((unsigned char)name[0]))
		return atoi(name);
	for (int i = 0; i < 64 && fds[i].name; i++)
		if (!strcmp(fds[i].name, name))
			return fds[i].fd;
	die("no descriptor %s", name);
}

static void name_fd(const char *name, int fd)
{
	for (int i = 0; i < 64; i++) {
		if (fds[i].name && strcmp(fds[i].name, name))
			continue;
		fds[i].name = name;
		fds[i].fd = fd;
		return;
	}
	die("too many descriptors");
}

static const struct map *map_of(const char *name)
{
	for (int i = 0; i < 16 && maps[i].name; i++)
		if (!strcmp(maps[i].name, name))
			return &maps[i];
	die("no mapping %s", name);
}

static void name_map(const char *name, void *addr, size_t len)
{
	for (int i = 0; i < 16; i++) {
		if (maps[i].name)
			continue;
		maps[i] = (struct map){ name, addr, len };
		return;
	}
	die("too many mappings");
}

/* "now", "omit" or SECONDS[.NANOSECONDS, nine digits]. */
static struct timespec timespec_of(const char *s)
{
	struct timespec ts = { 0 };
	char *dot;

	if (!strcmp(s, "now"))
		ts.tv_nsec = UTIME_NOW;
	else if (!strcmp(s, "omit"))
		ts.tv_nsec = UTIME_OMIT;
	else {
		ts.tv_sec = strtoll(s, &dot, 10);
		if (*dot)
			ts.tv_nsec = atol(dot + 1);
	}
	return ts;
}

static void say_field(const struct stat *st, const char *f)
{
	if (!strcmp(f, "mode"))
		say("%04o", st->st_mode & 07777);
	else if (!strcmp(f, "type"))
		say("%c", "?pc?d?b?f?l?s???"[st->st_mode >> 12]);
	else if (!strcmp(f, "ino"))
		say("%llu", (unsigned long long)st->st_ino);
	else if (!strcmp(f, "dev"))
		say("%u:%u", major(st->st_dev), minor(st->st_dev));
	else if (!strcmp(f, "nlink"))
		say("%llu", (unsigned long long)st->st_nlink);
	else if (!strcmp(f, "uid"))
		say("%u", st->st_uid);
	else if (!strcmp(f, "gid"))
		say("%u", st->st_gid);
	else if (!strcmp(f, "size"))
		say("%lld", (long long)st->st_size);
	else if (!strcmp(f, "blocks"))
		say("%lld", (long long)st->st_blocks);
	else if (!strcmp(f, "rdev"))
		say("%u:%u", major(st->st_rdev), minor(st->st_rdev));
	else if (!strcmp(f, "atime"))
		say("%lld.%09ld", (long long)st->st_atim.tv_sec,
		    st->st_atim.tv_nsec);
	else if (!strcmp(f, "mtime"))
		say("%lld.%09ld", (long long)st->st_mtim.tv_sec,
		    st->st_mtim.tv_nsec);
	else if (!strcmp(f, "ctime"))
		say("%lld.%09ld", (long long)st->st_ctim.tv_sec,
		    st->st_ctim.tv_nsec);
	else
		die("no such field: %s", f);
}

static void say_stat(const struct stat *st, const char *fields)
{
	char *list = strdup(fields), *f;

	while ((f = strsep(&list, ","))) {
		if (outlen)
			say(" ");
		say_field(st, f);
	}
}

static const struct op *find_op(const char *name,
				const struct op *const *tables)
{
	for (; *tables; tables++)
		for (const struct op *o = *tables; o->name; o++)
			if (!strcmp(o->name, name))
				return o;
	die("no such operation: %s", name);
}

static void help(const struct op *const *tables)
{
	for (; *tables; tables++)
		for (const struct op *o = *tables; o->name; o++)
			printf("%s %s\n", o->name, o->help);
}

/* Is -err one of the names in "ENOENT|ENOTDIR"? */
static bool error_matches(int rc, const char *names)
{
	const char *name = strerrorname_np(-rc);
	size_t len = name ? strlen(name) : 0, n;

	if (rc == -EOPNOTSUPP && strstr(names, "EOPNOTSUPP"))
		return true;
	for (; *names; names += n + (names[n] == '|')) {
		n = strcspn(names, "|");
		if (n == len && !strncmp(names, name, n))
			return true;
	}
	return false;
}

static void surprise(char **words, const char *want, int rc)
{
	fputs("fsop:", stderr);
	for (; *words; words++)
		fprintf(stderr, " %.80s", *words);
	fprintf(stderr, ": expected %s, got ", want);
	if (rc < 0)
		fprintf(stderr, "%s\n", strerrorname_np(-rc));
	else
		fprintf(stderr, "'%.200s'\n", out);
	exit(1);
}

static void run_op(char **words, const struct op *const *tables)
{
	const char *text = NULL, *error = NULL;
	const struct op *o;
	int rc, n = 0;

	if (words[0] && words[0][0] == '=')
		text = *words++ + 1;
	else if (words[0] && words[0][0] == '!')
		error = *words++ + 1;
	if (!words[0])
		die("an operation is missing");
	o = find_op(words[0], tables);
	while (words[n + 1])
		n++;
	if (n < o->nargs)
		die("usage: %s %s", o->name, o->help);
	outlen = 0;
	rc = o->fn(words + 1);
	out[outlen] = '\0';
	if (error ? rc >= 0 || !error_matches(rc, error) : rc < 0)
		surprise(words, error ? error : "success", rc);
	if (text && strcmp(out, text))
		surprise(words, text, rc);
	if (!text && rc >= 0 && outlen) {
		puts(out);
		fflush(stdout);
	}
}

/* `tables` ends with NULL. */
static int fsop_main(int argc, char **argv, const struct op *const *tables)
{
	int start = 1;

	if (argc < 2 || !strcmp(argv[1], "help")) {
		help(tables);
		return argc < 2 ? 2 : 0;
	}
	for (int i = 1; i <= argc; i++) {
		if (i < argc && strcmp(argv[i], ","))
			continue;
		argv[i] = NULL;
		run_op(argv + start, tables);
		start = i + 1;
	}
	return 0;
}

#endif
