// SPDX-License-Identifier: Apache-2.0
/*
 * File operations for shell tests, one system call each, with what they must
 * give:
 *
 *	fsop open r f O_RDONLY , =0644 fstat r mode , '!EBADF' write r abc
 *
 * Operations are separated by "," words and run in order; descriptors have
 * names (or are numbers that the shell opened).  "=TEXT" before an operation
 * says what it must print, "!ERRNO[|ERRNO]" how it must fail; without them it
 * must succeed.  The first surprise is told on stderr and ends the program
 * with status 1.  `fsop help` lists the operations.
 *
 * DATA arguments: "x*4096" is 4096 times "x"; all else is literal.  Numbers:
 * C notation, with an optional K, M, G or T; several names joined by "|".
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fsop.h"
#include "fsop_paths.h"

static int op_open(char **a)
{
	int fd = open(a[1], number(a[2]), a[3] ? number(a[3]) : 0666);

	if (fd < 0)
		return -errno;
	name_fd(a[0], fd);
	return 0;
}

static int op_close(char **a)
{
	return close(fd_of(a[0])) ? -errno : 0;
}

static int op_pread(char **a)
{
	size_t len = number(a[2]);
	char *buf = aligned(len);
	ssize_t n = pread(fd_of(a[0]), buf, len, number(a[1]));

	if (n < 0)
		return -errno;
	say_bytes(buf, n);
	return 0;
}

static int op_read(char **a)
{
	size_t len = number(a[1]);
	char *buf = aligned(len);
	ssize_t n = read(fd_of(a[0]), buf, len);

	if (n < 0)
		return -errno;
	say_bytes(buf, n);
	return 0;
}

static int op_write(char **a)
{
	size_t len;
	char *buf = data(a[1], &len);
	ssize_t n = write(fd_of(a[0]), buf, len);

	return n < 0 ? -errno : n != (ssize_t)len ? -EIO : 0;
}

static int op_pwrite(char **a)
{
	size_t len;
	char *buf = data(a[2], &len);
	ssize_t n = pwrite(fd_of(a[0]), buf, len, number(a[1]));

	return n < 0 ? -errno : n != (ssize_t)len ? -EIO : 0;
}

/* The kernel's own asynchronous interface: no library is needed for one. */
static int op_aiowrite(char **a)
{
	struct {
		__u64 data;
		__u32 key, flags;
		__u16 opcode;
		__s16 prio;
		__u32 fd;
		__u64 buf, nbytes;
		__s64 offset;
		__u64 reserved;
		__u32 flags2, resfd;
	} cb = { .opcode = 1 /* IOCB_CMD_PWRITE */ }, *cbs[1] = { &cb };
	struct {
		__u64 data, obj;
		__s64 res, res2;
	} ev;
	unsigned long ctx = 0;
	size_t len;

	cb.buf = (unsigned long)data(a[2], &len);
	cb.nbytes = len;
	cb.fd = fd_of(a[0]);
	cb.offset = number(a[1]);
	if (syscall(SYS_io_setup, 1, &ctx) < 0 ||
	    syscall(SYS_io_submit, ctx, 1, cbs) != 1 ||
	    syscall(SYS_io_getevents, ctx, 1, 1, &ev, NULL) != 1)
		return -errno;
	syscall(SYS_io_destroy, ctx);
	return ev.res < 0 ? ev.res : ev.res != (long long)len ? -EIO : 0;
}

static int op_lseek(char **a)
{
	off_t off = lseek(fd_of(a[0]), number(a[2]), number(a[1]));

	if (off < 0)
		return -errno;
	say("%lld", (long long)off);
	return 0;
}

static int op_ftruncate(char **a)
{
	return ftruncate(fd_of(a[0]), number(a[1])) ? -errno : 0;
}

static int op_fallocate(char **a)
{
	return fallocate(fd_of(a[0]), number(a[1]), number(a[2]),
			 number(a[3])) ? -errno : 0;
}

static int op_copyrange(char **a)
{
	off_t from = number(a[1]), to = number(a[3]);
	ssize_t n = copy_file_range(fd_of(a[0]), &from, fd_of(a[2]), &to,
				    number(a[4]), 0);

	if (n < 0)
		return -errno;
	say("%zd", n);
	return 0;
}

static int op_clone(char **a)
{
	return ioctl(fd_of(a[0]), FICLONE, fd_of(a[1])) ? -errno : 0;
}

static int op_fsync(char **a)
{
	return fsync(fd_of(a[0])) ? -errno : 0;
}

static int op_fdatasync(char **a)
{
	return fdatasync(fd_of(a[0])) ? -errno : 0;
}

static int op_syncfs(char **a)
{
	return syncfs(fd_of(a[0])) ? -errno : 0;
}

static int op_fchmod(char **a)
{
	return fchmod(fd_of(a[0]), number(a[1])) ? -errno : 0;
}

static int op_fchown(char **a)
{
	return fchown(fd_of(a[0]), number(a[1]), number(a[2])) ? -errno : 0;
}

static int op_futimes(char **a)
{
	struct timespec ts[2] = { timespec_of(a[1]), timespec_of(a[2]) };

	return futimens(fd_of(a[0]), ts) ? -errno : 0;
}

static int op_fsetxattr(char **a)
{
	size_t len;
	char *buf = data(a[2], &len);

	return fsetxattr(fd_of(a[0]), a[1], buf, len,
			 a[3] ? number(a[3]) : 0) ? -errno : 0;
}

static int op_fgetxattr(char **a)
{
	static char buf[65536];
	ssize_t n = fgetxattr(fd_of(a[0]), a[1], buf, sizeof(buf));

	if (n < 0)
		return -errno;
	say_bytes(buf, n);
	return 0;
}

static int op_fremovexattr(char **a)
{
	return fremovexattr(fd_of(a[0]), a[1]) ? -errno : 0;
}

static int op_fstat(char **a)
{
	struct stat st;

	if (fstat(fd_of(a[0]), &st))
		return -errno;
	say_stat(&st, a[1]);
	return 0;
}

static int op_linkfd(char **a)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd_of(a[0]));
	return linkat(AT_FDCWD, path, AT_FDCWD, a[1], AT_SYMLINK_FOLLOW) ?
		       -errno : 0;
}

static int op_getflags(char **a)
{
	int flags;

	if (ioctl(fd_of(a[0]), FS_IOC_GETFLAGS, &flags))
		return -errno;
	say("0x%x", flags);
	return 0;
}

static int op_setflags(char **a)
{
	int flags = number(a[1]);

	return ioctl(fd_of(a[0]), FS_IOC_SETFLAGS, &flags) ? -errno : 0;
}

static int op_flock(char **a)
{
	return flock(fd_of(a[0]), number(a[1])) ? -errno : 0;
}

static int posix_lock(char **a, int cmd)
{
	struct flock fl = {
		.l_type = number(a[1]),
		.l_whence = SEEK_SET,
		.l_start = number(a[2]),
		.l_len = number(a[3]),
	};

	if (fcntl(fd_of(a[0]), cmd, &fl))
		return -errno;
	if (cmd == F_GETLK)
		say("%s", fl.l_type == F_UNLCK ? "F_UNLCK" :
			  fl.l_type == F_RDLCK ? "F_RDLCK" : "F_WRLCK");
	return 0;
}

static int op_setlk(char **a)
{
	return posix_lock(a, F_SETLK);
}

static int op_ofdsetlk(char **a)
{
	return posix_lock(a, F_OFD_SETLK);
}

static int op_getlk(char **a)
{
	return posix_lock(a, F_GETLK);
}

static int op_mmap(char **a)
{
	size_t len = number(a[3]);
	void *p = mmap(NULL, len, number(a[4]), number(a[5]), fd_of(a[1]),
		       number(a[2]));

	if (p == MAP_FAILED)
		return -errno;
	name_map(a[0], p, len);
	return 0;
}

static int op_mget(char **a)
{
	say_bytes(map_of(a[0])->addr + number(a[1]), number(a[2]));
	return 0;
}

static int op_mput(char **a)
{
	size_t len;
	char *buf = data(a[2], &len);

	memcpy(map_of(a[0])->addr + number(a[1]), buf, len);
	return 0;
}

static int op_msync(char **a)
{
	const struct map *m = map_of(a[0]);

	return msync(m->addr, m->len, MS_SYNC) ? -errno : 0;
}

static int op_munmap(char **a)
{
	const struct map *m = map_of(a[0]);

	return munmap(m->addr, m->len) ? -errno : 0;
}

static int op_watch(char **a)
{
	int fd = inotify_init1(IN_NONBLOCK);

	if (fd < 0 || inotify_add_watch(fd, a[1], number(a[2])) < 0)
		return -errno;
	name_fd(a[0], fd);
	return 0;
}

/* Prints the events that are there, or come within TIMEOUT milliseconds, as
 * MASK:NAME words. */
static int op_events(char **a)
{
	char buf[8192] __attribute__((aligned(8)));
	struct pollfd p = { .fd = fd_of(a[0]), .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, number(a[1])) <= 0)
		return 0;
	n = read(p.fd, buf, sizeof(buf));
	if (n < 0)
		return -errno;
	for (char *c = buf; c < buf + n;) {
		struct inotify_event *e = (void *)c;

		say("%s0x%x:%s", c == buf ? "" : " ", e->mask,
		    e->len ? e->name : "");
		c += sizeof(*e) + e->len;
	}
	return 0;
}

static int op_handle(char **a)
{
	struct {
		struct file_handle h;
		unsigned char room[MAX_HANDLE_SZ];
	} u = { .h.handle_bytes = MAX_HANDLE_SZ };
	int mount_id;

	if (name_to_handle_at(AT_FDCWD, a[0], &u.h, &mount_id, 0))
		return -errno;
	say("%d:", u.h.handle_type);
	for (unsigned int i = 0; i < u.h.handle_bytes; i++)
		say("%02x", u.room[i]);
	return 0;
}

static int op_openhandle(char **a)
{
	struct {
		struct file_handle h;
		unsigned char room[MAX_HANDLE_SZ];
	} u = { .h.handle_bytes = 0 };
	char *hex = strchr(a[2], ':');
	int mount_fd = open(a[1], O_RDONLY | O_DIRECTORY), fd;

	if (mount_fd < 0)
		return -errno;
	u.h.handle_type = atoi(a[2]);
	for (hex++; hex[0] && hex[1]; hex += 2) {
		char two[3] = { hex[0], hex[1] };

		u.room[u.h.handle_bytes++] = strtoul(two, NULL, 16);
	}
	fd = open_by_handle_at(mount_fd, &u.h, number(a[3]));
	if (fd < 0)
		fd = -errno;
	close(mount_fd);
	if (fd < 0)
		return fd;
	name_fd(a[0], fd);
	return 0;
}

/* Binds a socket there, connects to it, and sends a byte through. */
static int op_unix(char **a)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int listening = socket(AF_UNIX, SOCK_STREAM, 0);
	int from = socket(AF_UNIX, SOCK_STREAM, 0), to;
	char c;

	strncpy(sa.sun_path, a[0], sizeof(sa.sun_path) - 1);
	if (bind(listening, (void *)&sa, sizeof(sa)) ||
	    listen(listening, 1) || connect(from, (void *)&sa, sizeof(sa)))
		return -errno;
	to = accept(listening, NULL, NULL);
	if (to < 0 || send(from, "x", 1, 0) != 1 || recv(to, &c, 1, 0) != 1)
		return -errno;
	close(listening);
	close(from);
	close(to);
	return 0;
}

static int op_statfs(char **a)
{
	struct statfs s;

	if (statfs(a[0], &s))
		return -errno;
	say("%lld", !strcmp(a[1], "type")    ? (long long)s.f_type :
		    !strcmp(a[1], "bsize")   ? (long long)s.f_bsize :
		    !strcmp(a[1], "blocks")  ? (long long)s.f_blocks :
		    !strcmp(a[1], "bfree")   ? (long long)s.f_bfree :
		    !strcmp(a[1], "bavail")  ? (long long)s.f_bavail :
		    !strcmp(a[1], "files")   ? (long long)s.f_files :
		    !strcmp(a[1], "ffree")   ? (long long)s.f_ffree :
		    !strcmp(a[1], "namelen") ? (long long)s.f_namelen : -1);
	return 0;
}

/* Operations on descriptors; those on paths are in fsop_paths.h. */
static const struct op fd_ops[] = {
	{ "open", op_open, 3, "FD PATH FLAGS [MODE]" },
	{ "close", op_close, 1, "FD" },
	{ "read", op_read, 2, "FD LEN" },
	{ "pread", op_pread, 3, "FD OFFSET LEN" },
	{ "write", op_write, 2, "FD DATA" },
	{ "pwrite", op_pwrite, 3, "FD OFFSET DATA" },
	{ "aiowrite", op_aiowrite, 3, "FD OFFSET DATA" },
	{ "lseek", op_lseek, 3, "FD WHENCE OFFSET" },
	{ "ftruncate", op_ftruncate, 2, "FD LEN" },
	{ "fallocate", op_fallocate, 4, "FD MODE OFFSET LEN" },
	{ "copyrange", op_copyrange, 5, "FROM OFFSET TO OFFSET LEN" },
	{ "clone", op_clone, 2, "TO FROM" },
	{ "fsync", op_fsync, 1, "FD" },
	{ "fdatasync", op_fdatasync, 1, "FD" },
	{ "syncfs", op_syncfs, 1, "FD" },
	{ "fchmod", op_fchmod, 2, "FD MODE" },
	{ "fchown", op_fchown, 3, "FD UID GID" },
	{ "futimes", op_futimes, 3, "FD ATIME MTIME" },
	{ "fsetxattr", op_fsetxattr, 3, "FD NAME DATA [FLAGS]" },
	{ "fgetxattr", op_fgetxattr, 2, "FD NAME" },
	{ "fremovexattr", op_fremovexattr, 2, "FD NAME" },
	{ "fstat", op_fstat, 2, "FD FIELD[,FIELD]" },
	{ "linkfd", op_linkfd, 2, "FD PATH" },
	{ "getflags", op_getflags, 1, "FD" },
	{ "setflags", op_setflags, 2, "FD FLAGS" },
	{ "flock", op_flock, 2, "FD LOCK_*" },
	{ "setlk", op_setlk, 4, "FD F_*LCK START LEN" },
	{ "ofdsetlk", op_ofdsetlk, 4, "FD F_*LCK START LEN" },
	{ "getlk", op_getlk, 4, "FD F_*LCK START LEN" },
	{ "mmap", op_mmap, 6, "MAP FD OFFSET LEN PROT_* MAP_*" },
	{ "mget", op_mget, 3, "MAP OFFSET LEN" },
	{ "mput", op_mput, 3, "MAP OFFSET DATA" },
	{ "msync", op_msync, 1, "MAP" },
	{ "munmap", op_munmap, 1, "MAP" },
	{ "watch", op_watch, 3, "FD PATH IN_*" },
	{ "events", op_events, 2, "FD TIMEOUT" },
	{ "handle", op_handle, 1, "PATH" },
	{ "openhandle", op_openhandle, 4, "FD MOUNT HANDLE FLAGS" },
	{ "unix", op_unix, 1, "PATH" },
	{ "statfs", op_statfs, 2, "PATH FIELD" },
	{ NULL, NULL, 0, NULL },
};

int main(int argc, char **argv)
{
	const struct op *const tables[] = { path_ops, fd_ops, NULL };

	return fsop_main(argc, argv, tables);
}
