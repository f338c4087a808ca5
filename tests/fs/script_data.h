/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations of script.h on content and attributes.  Each takes its
 * arguments as text, makes one system call (or a few that belong together),
 * adds to the result with say() and returns as a system call does, with errno.
 *
 * FD and MAP are slots; PATH is relative to the root.
 */
#ifndef TESTS_FS_SCRIPT_DATA_H
#define TESTS_FS_SCRIPT_DATA_H

#include <sys/file.h>
#include <sys/sendfile.h>

#include "tests/fs/script.h"

/* l* calls and chmod have no *at form that takes a directory descriptor and
 * exists in libc; the root's own /proc name serves all. */
static const char *full(struct script *s, const char *path)
{
	static char room[2][9000];
	static int turn;

	turn = !turn;
	snprintf(room[turn], sizeof(room[turn]), "/proc/self/fd/%d/%s",
		 s->root, path);
	return room[turn];
}

static long say_fd(struct script *s, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -1;
	say_stat(s, &st);
	return 0;
}

static long ret_stat(struct script *s, const char *path, int at_flags)
{
	struct stat st;

	if (fstatat(s->root, path, &st, at_flags))
		return -1;
	say_stat(s, &st);
	return 0;
}

/* open FD PATH FLAGS [MODE]; never waits for a FIFO's other end */
static long op_open(struct script *s, char **a)
{
	unsigned n = slot(a[0], SCRIPT_FDS);
	int fd;

	if (s->fd[n] >= 0)
		close(s->fd[n]);
	fd = openat(s->root, a[1], flags(a[2]) | O_NONBLOCK | O_CLOEXEC,
		    a[3] ? num(a[3]) : 0644);
	s->fd[n] = fd;
	return fd < 0 ? -1 : say_fd(s, fd);
}

static long op_close(struct script *s, char **a)
{
	unsigned n = slot(a[0], SCRIPT_FDS);
	int fd = s->fd[n];

	s->fd[n] = -1;
	return close(fd);
}

static long say_data(struct script *s, unsigned char *p, long ret)
{
	int saved = errno;

	if (ret > 0)
		say(s, " %016llx",
		    (unsigned long long)hash(HASH_INIT, p, ret));
	free(p);
	errno = saved;
	return ret;
}

/* read FD LEN */
static long op_read(struct script *s, char **a)
{
	size_t len = num(a[1]);
	unsigned char *p = buffer(len);

	return say_data(s, p, read(fd_of(s, a[0]), p, len));
}

/* pread FD OFF LEN */
static long op_pread(struct script *s, char **a)
{
	size_t len = num(a[2]);
	unsigned char *p = buffer(len);

	return say_data(s, p, pread(fd_of(s, a[0]), p, len, num(a[1])));
}

/* write FD LEN SEED */
static long op_write(struct script *s, char **a)
{
	size_t len = num(a[1]);
	unsigned char *p = buffer(len);
	long ret;

	fill(p, len, num(a[2]));
	ret = write(fd_of(s, a[0]), p, len);
	free(p);
	return ret;
}

/* pwrite FD OFF LEN SEED */
static long op_pwrite(struct script *s, char **a)
{
	size_t len = num(a[2]);
	unsigned char *p = buffer(len);
	long ret;

	fill(p, len, num(a[3]));
	ret = pwrite(fd_of(s, a[0]), p, len, num(a[1]));
	free(p);
	return ret;
}

/* cat PATH: the whole content */
static long op_cat(struct script *s, char **a)
{
	int fd = openat(s->root, a[0], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	uint64_t h = HASH_INIT;
	char buf[65536];
	long n, all = 0;

	if (fd < 0)
		return -1;
	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		h = hash(h, buf, n);
		all += n;
	}
	close(fd);
	if (n < 0)
		return -1;
	say(s, " %016llx", (unsigned long long)h);
	return all;
}

/* put PATH TEXT: creates or replaces, as a shell's > does */
static long op_put(struct script *s, char **a)
{
	int fd = openat(s->root, a[0],
			O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_CLOEXEC,
			0644);
	long ret;

	if (fd < 0)
		return -1;
	ret = write(fd, a[1], strlen(a[1]));
	return close(fd) ? -1 : ret;
}

static long op_fstat(struct script *s, char **a)
{
	return say_fd(s, fd_of(s, a[0]));
}

static long op_stat(struct script *s, char **a)
{
	return ret_stat(s, a[0], 0);
}

static long op_lstat(struct script *s, char **a)
{
	return ret_stat(s, a[0], AT_SYMLINK_NOFOLLOW);
}

/* times PATH: atime too, where a test has set it */
static long op_times(struct script *s, char **a)
{
	struct stat st;

	if (fstatat(s->root, a[0], &st, AT_SYMLINK_NOFOLLOW))
		return -1;
	say_time(s, "atime", st.st_atim);
	say_time(s, "mtime", st.st_mtim);
	return 0;
}

static long op_fsync(struct script *s, char **a)
{
	return fsync(fd_of(s, a[0]));
}

static long op_fdatasync(struct script *s, char **a)
{
	return fdatasync(fd_of(s, a[0]));
}

static long op_ftruncate(struct script *s, char **a)
{
	return ftruncate(fd_of(s, a[0]), num(a[1]));
}

static long op_truncate(struct script *s, char **a)
{
	return truncate(full(s, a[0]), num(a[1]));
}

/* fallocate FD MODE OFF LEN */
static long op_fallocate(struct script *s, char **a)
{
	return fallocate(fd_of(s, a[0]), flags(a[1]), num(a[2]), num(a[3]));
}

/* lseek FD OFF WHENCE */
static long op_lseek(struct script *s, char **a)
{
	return lseek(fd_of(s, a[0]), num(a[1]), flags(a[2]));
}

/* Whether the bytes from `from` to `to` are zeros. */
static bool zeros(int fd, off_t from, off_t to)
{
	char buf[65536];
	ssize_t n = 1;

	for (; from < to && n > 0; from += n) {
		n = to - from < (off_t)sizeof(buf) ? to - from :
						     (off_t)sizeof(buf);
		n = pread(fd, buf, n, from);
		for (ssize_t i = 0; i < n; i++)
			if (buf[i])
				return false;
	}
	return true;
}

/*
 * holes FD: what SEEK_DATA and SEEK_HOLE say must fit together, and holes must
 * be zeros.  Where they are is not said: preallocated blocks are data or not,
 * as pages of them happen to be in memory.  What a mapping has written is
 * synchronised first: the kernel does not tell FUSE of it before lseek.  The
 * descriptor must be readable.
 */
static long op_holes(struct script *s, char **a)
{
	int fd = fd_of(s, a[0]);
	off_t at = lseek(fd, 0, SEEK_CUR), hole = 0, data;
	struct stat st;

	if (at < 0 || fdatasync(fd) || fstat(fd, &st))
		return -1;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	while ((data = lseek(fd, hole, SEEK_DATA)) >= 0) {
		if (data < hole || !zeros(fd, hole, data))
			say(s, " DATA:%lld", (long long)hole);
		hole = lseek(fd, data, SEEK_HOLE);
		if (hole <= data || hole > st.st_size) {
			say(s, " HOLE:%lld", (long long)data);
			break;
		}
	}
	if (data < 0 && (errno != ENXIO || !zeros(fd, hole, st.st_size)))
		say(s, " END:%lld", (long long)hole);
	lseek(fd, at, SEEK_SET);
	return 0;
}

/* copyrange FD OFF FD OFF LEN; -1 for OFF takes the descriptor's own */
static long op_copyrange(struct script *s, char **a)
{
	off_t in = num(a[1]), out = num(a[3]);

	return copy_file_range(fd_of(s, a[0]), in < 0 ? NULL : &in,
			       fd_of(s, a[2]), out < 0 ? NULL : &out,
			       num(a[4]), 0);
}

/* sendfile FD FD LEN: to, from */
static long op_sendfile(struct script *s, char **a)
{
	return sendfile(fd_of(s, a[0]), fd_of(s, a[1]), NULL, num(a[2]));
}

static long op_chmod(struct script *s, char **a)
{
	return fchmodat(s->root, a[0], num(a[1]), 0);
}

static long op_fchmod(struct script *s, char **a)
{
	return fchmod(fd_of(s, a[0]), num(a[1]));
}

static long op_chown(struct script *s, char **a)
{
	return fchownat(s->root, a[0], num(a[1]), num(a[2]), 0);
}

static long op_lchown(struct script *s, char **a)
{
	return fchownat(s->root, a[0], num(a[1]), num(a[2]),
			AT_SYMLINK_NOFOLLOW);
}

static long op_fchown(struct script *s, char **a)
{
	return fchown(fd_of(s, a[0]), num(a[1]), num(a[2]));
}

/* SECONDS[.NS], now, omit */
static struct timespec parse_time(const char *text)
{
	struct timespec t = {.tv_nsec = UTIME_NOW};

	if (!strcmp(text, "omit"))
		t.tv_nsec = UTIME_OMIT;
	else if (strcmp(text, "now")) {
		t.tv_sec = strtoll(text, NULL, 10);
		t.tv_nsec = strchr(text, '.') ? num(strchr(text, '.') + 1) : 0;
	}
	return t;
}

/* utimens PATH ATIME MTIME: of a symlink itself */
static long op_utimens(struct script *s, char **a)
{
	struct timespec t[2] = {parse_time(a[1]), parse_time(a[2])};

	return utimensat(s->root, a[0], t, AT_SYMLINK_NOFOLLOW);
}

static long op_futimens(struct script *s, char **a)
{
	struct timespec t[2] = {parse_time(a[1]), parse_time(a[2])};

	return futimens(fd_of(s, a[0]), t);
}

/* map MAP FD LEN PROT MAP_SHARED|MAP_PRIVATE */
static long op_map(struct script *s, char **a)
{
	struct script_map *m = &s->map[slot(a[0], SCRIPT_MAPS)];
	size_t len = num(a[2]);
	void *p;

	if (m->at)
		munmap(m->at, m->len);
	m->at = NULL;
	p = mmap(NULL, len, flags(a[3]), flags(a[4]), fd_of(s, a[1]), 0);
	if (p == MAP_FAILED)
		return -1;
	m->at = p;
	m->len = len;
	return 0;
}

/*
 * The size of the mapped file.  The descriptor may be closed, and a duplicate
 * kept here would keep the file open when the test wants it closed.
 */
static long long mapped_size(const struct script_map *m)
{
	uintptr_t at = (uintptr_t)m->at;
	char name[80];
	struct stat st;

	snprintf(name, sizeof(name), "/proc/self/map_files/%lx-%lx",
		 (unsigned long)at,
		 (unsigned long)((at + m->len + 4095) & ~4095ul));
	return stat(name, &st) ? -1 : (long long)st.st_size;
}

/*
 * Where in the mapping, or NULL with EINVAL.  The bytes between the end of the
 * file and the end of its last page are left out: what they hold depends on
 * when the page was last written, on every file system.
 */
static unsigned char *in_map(struct script *s, char **a, size_t *ret_len)
{
	struct script_map *m = &s->map[slot(a[0], SCRIPT_MAPS)];
	size_t off = num(a[1]), len = num(a[2]);
	long long size = m->at ? mapped_size(m) : -1;
	size_t end = size < 0 ? 0 : size, page_end = (end + 4095) & ~4095ul;

	if (off < end && len > end - off)
		len = end - off;
	if (size < 0 || off > m->len || len > m->len - off ||
	    (off >= end && off < page_end)) {
		errno = EINVAL;
		return NULL;
	}
	*ret_len = len;
	return m->at + off;
}

/* Copies to or from a mapping; a signal (beyond the end of the file, or a
 * mapping that may not be written) becomes part of the result. */
static long touch(struct script *s, unsigned char *to,
		  const unsigned char *from, size_t len)
{
	int sig = sigsetjmp(script_fault, 1);

	if (!sig) {
		script_touching = 1;
		memcpy(to, from, len);
	}
	script_touching = 0;
	if (sig)
		say(s, " SIG%s", sigabbrev_np(sig));
	return sig ? -1 : 0;
}

/* poke MAP OFF LEN SEED */
static long op_poke(struct script *s, char **a)
{
	unsigned char *buf, *p;
	size_t len;
	long ret;

	p = in_map(s, a, &len);
	if (!p)
		return -1;
	buf = buffer(len);
	fill(buf, len, num(a[3]));
	ret = touch(s, p, buf, len);
	free(buf);
	return ret;
}

/* peek MAP OFF LEN */
static long op_peek(struct script *s, char **a)
{
	unsigned char *buf, *p;
	size_t len;
	long ret;

	p = in_map(s, a, &len);
	if (!p)
		return -1;
	buf = buffer(len);
	ret = touch(s, buf, p, len);
	if (!ret)
		say(s, " %016llx",
		    (unsigned long long)hash(HASH_INIT, buf, len));
	free(buf);
	return ret;
}

static long op_msync(struct script *s, char **a)
{
	struct script_map *m = &s->map[slot(a[0], SCRIPT_MAPS)];

	if (!m->at) {
		errno = EINVAL;
		return -1;
	}
	return msync(m->at, m->len, MS_SYNC);
}

static long op_unmap(struct script *s, char **a)
{
	struct script_map *m = &s->map[slot(a[0], SCRIPT_MAPS)];
	void *p = m->at;

	m->at = NULL;
	if (!p) {
		errno = EINVAL;
		return -1;
	}
	return munmap(p, m->len);
}

/* flock FD sh|ex|un, never waiting */
static long op_flock(struct script *s, char **a)
{
	return flock(fd_of(s, a[0]), LOCK_NB | (*a[1] == 's' ? LOCK_SH :
						*a[1] == 'e' ? LOCK_EX :
							       LOCK_UN));
}

/* lock FD F_RDLCK|F_WRLCK|F_UNLCK START LEN: of the open file, so that two
 * slots exclude each other */
static long op_lock(struct script *s, char **a)
{
	struct flock l = {.l_type = flags(a[1]), .l_whence = SEEK_SET,
			  .l_start = num(a[2]), .l_len = num(a[3])};

	return fcntl(fd_of(s, a[0]), F_OFD_SETLK, &l);
}

/* getlock FD F_RDLCK|F_WRLCK START LEN: what stands against it */
static long op_getlock(struct script *s, char **a)
{
	struct flock l = {.l_type = flags(a[1]), .l_whence = SEEK_SET,
			  .l_start = num(a[2]), .l_len = num(a[3])};

	if (fcntl(fd_of(s, a[0]), F_OFD_GETLK, &l))
		return -1;
	say(s, " type=%d", l.l_type);
	if (l.l_type != F_UNLCK)
		say(s, " %lld+%lld", (long long)l.l_start, (long long)l.l_len);
	return 0;
}

#endif
