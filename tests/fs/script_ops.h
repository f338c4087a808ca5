/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations of script.h on names and extended attributes, and the table
 * of all operations.
 */
#ifndef TESTS_FS_SCRIPT_OPS_H
#define TESTS_FS_SCRIPT_OPS_H

#include <dirent.h>
#include <linux/capability.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "tests/fs/script.h"
#include "tests/fs/script_data.h"

/*
 * The value of an attribute in the kernel's layout: an ACL is written
 * TAG:ID:PERMISSIONS/... (u::6/u:1000:6/g::4/m::7/o::0), a file capability as
 * the mask of what it permits, all else is text.
 */
static size_t value(const char *name, const char *text, char *room)
{
	uint32_t version = 2, id;
	uint16_t tag, perm;
	size_t n = 4;

	if (!strcmp(name, "security.capability")) {
		struct vfs_cap_data cap = {.magic_etc = VFS_CAP_REVISION_2};

		cap.data[0].permitted = num(text);
		memcpy(room, &cap, XATTR_CAPS_SZ_2);
		return XATTR_CAPS_SZ_2;
	}
	if (strncmp(name, "system.posix_acl", 16)) {
		snprintf(room, SCRIPT_LINE, "%s", text);
		return strlen(text);
	}
	memcpy(room, &version, 4);
	for (; text && *text; text = strchr(text, '/'), text += !!text) {
		const char *c = strchr(text, ':');
		bool named = c && c[1] != ':';

		tag = *text == 'u' ? named ? 2 : 1 :
		      *text == 'g' ? named ? 8 : 4 :
		      *text == 'm' ? 16 : *text == 'o' ? 32 : 0;
		id = named ? strtoul(c + 1, NULL, 10) : 0xffffffff;
		c = c ? strchr(c + 1, ':') : NULL;
		perm = c ? strtoul(c + 1, NULL, 8) : 0;
		memcpy(room + n, &tag, 2);
		memcpy(room + n + 2, &perm, 2);
		memcpy(room + n + 4, &id, 4);
		n += 8;
	}
	return n;
}

/* setxattr PATH NAME VALUE [FLAGS]: of a symlink itself */
static long op_setxattr(struct script *s, char **a)
{
	char room[SCRIPT_LINE];
	size_t n = value(a[1], a[2], room);

	return lsetxattr(full(s, a[0]), a[1], room, n, a[3] ? flags(a[3]) : 0);
}

static long op_fsetxattr(struct script *s, char **a)
{
	char room[SCRIPT_LINE];
	size_t n = value(a[1], a[2], room);

	return fsetxattr(fd_of(s, a[0]), a[1], room, n,
			 a[3] ? flags(a[3]) : 0);
}

static long say_value(struct script *s, const char *room, long n)
{
	if (n >= 0)
		say(s, " %016llx",
		    (unsigned long long)hash(HASH_INIT, room, n));
	return n;
}

static long op_getxattr(struct script *s, char **a)
{
	char room[65536];

	return say_value(s, room,
			 lgetxattr(full(s, a[0]), a[1], room, sizeof(room)));
}

static long op_fgetxattr(struct script *s, char **a)
{
	char room[65536];

	return say_value(s, room,
			 fgetxattr(fd_of(s, a[0]), a[1], room, sizeof(room)));
}

static long op_removexattr(struct script *s, char **a)
{
	return lremovexattr(full(s, a[0]), a[1]);
}

static long op_fremovexattr(struct script *s, char **a)
{
	return fremovexattr(fd_of(s, a[0]), a[1]);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* listxattr PATH: sorted, because the order is not promised */
static long op_listxattr(struct script *s, char **a)
{
	char room[65536], *names[512];
	long n = llistxattr(full(s, a[0]), room, sizeof(room));
	size_t count = 0;

	if (n < 0)
		return -1;
	for (char *p = room; p < room + n && count < 512; p += strlen(p) + 1)
		names[count++] = p;
	qsort(names, count, sizeof(names[0]), by_name);
	for (size_t i = 0; i < count; i++)
		say(s, " %s", names[i]);
	return 0;
}

static long op_mkdir(struct script *s, char **a)
{
	return mkdirat(s->root, a[0], a[1] ? num(a[1]) : 0755);
}

static long op_rmdir(struct script *s, char **a)
{
	return unlinkat(s->root, a[0], AT_REMOVEDIR);
}

static long op_unlink(struct script *s, char **a)
{
	return unlinkat(s->root, a[0], 0);
}

/* rename FROM TO [FLAGS] */
static long op_rename(struct script *s, char **a)
{
	return renameat2(s->root, a[0], s->root, a[1],
			 a[2] ? flags(a[2]) : 0);
}

/* link FROM TO: of a symlink itself */
static long op_link(struct script *s, char **a)
{
	return linkat(s->root, a[0], s->root, a[1], 0);
}

/* linkfd FD TO: how an O_TMPFILE gets its name */
static long op_linkfd(struct script *s, char **a)
{
	char from[64];

	snprintf(from, sizeof(from), "/proc/self/fd/%d", fd_of(s, a[0]));
	return linkat(AT_FDCWD, from, s->root, a[1], AT_SYMLINK_FOLLOW);
}

/* symlink TARGET PATH */
static long op_symlink(struct script *s, char **a)
{
	return symlinkat(a[0], s->root, a[1]);
}

static long op_readlink(struct script *s, char **a)
{
	char room[4096];
	long n = readlinkat(s->root, a[0], room, sizeof(room));

	if (n >= 0)
		say(s, " %.*s", (int)(n > 80 ? 80 : n), room);
	return n;
}

/* mknod PATH TYPE MODE [MAJOR MINOR] */
static long op_mknod(struct script *s, char **a)
{
	return mknodat(s->root, a[0], flags(a[1]) | num(a[2]),
		       a[3] ? makedev(num(a[3]), num(a[4])) : 0);
}

/* bind PATH: a unix socket's name, listening and connected to once */
static long op_bind(struct script *s, char **a)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int l = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int c = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	long ret = -1;
	int saved;

	snprintf(sa.sun_path, sizeof(sa.sun_path), "/proc/self/fd/%d/%.64s",
		 s->root, a[0]);
	if (!bind(l, (struct sockaddr *)&sa, sizeof(sa)) && !listen(l, 1) &&
	    !connect(c, (struct sockaddr *)&sa, sizeof(sa)))
		ret = 0;
	saved = errno;
	close(l);
	close(c);
	errno = saved;
	return ret;
}

/* access PATH MODE: with the effective ids */
static long op_access(struct script *s, char **a)
{
	return faccessat(s->root, a[0], flags(a[1]), AT_EACCESS);
}

/* One entry's inode number and type must be what lstat says. */
static void check_entry(struct script *s, int dir, const struct dirent *d)
{
	struct stat st;

	if (!strcmp(d->d_name, ".."))
		return;
	if (fstatat(dir, d->d_name, &st, AT_SYMLINK_NOFOLLOW)) {
		/* Without x on the directory its names can only be read. */
		if (errno != EACCES)
			say(s, " LISTED:%s:%s", d->d_name,
			    strerrorname_np(errno));
		return;
	}
	if (st.st_ino != d->d_ino)
		say(s, " D_INO:%s", d->d_name);
	if (d->d_type != DT_UNKNOWN && d->d_type != IFTODT(st.st_mode))
		say(s, " D_TYPE:%s", d->d_name);
}

static long list(struct script *s, int fd)
{
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	char *names[1024];
	struct dirent *d;
	size_t n = 0;

	if (!dir) {
		int saved = errno;

		if (fd >= 0)
			close(fd);
		errno = saved;
		return -1;
	}
	rewinddir(dir);
	while (n < 1024 && (errno = 0, d = readdir(dir))) {
		check_entry(s, dirfd(dir), d);
		names[n++] = strdup(d->d_name);
	}
	if (errno)
		say(s, " READDIR:%s", strerrorname_np(errno));
	closedir(dir);
	qsort(names, n, sizeof(names[0]), by_name);
	for (size_t i = 0; i < n; i++) {
		say(s, " %.40s", names[i]);
		free(names[i]);
	}
	return n;
}

/* readdir PATH: sorted names, each checked against lstat */
static long op_readdir(struct script *s, char **a)
{
	return list(s, openat(s->root, a[0],
			      O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/* readdirfd FD: from the start, the descriptor stays open */
static long op_readdirfd(struct script *s, char **a)
{
	return list(s, fcntl(fd_of(s, a[0]), F_DUPFD_CLOEXEC, 3));
}

/* getflags PATH: of chattr(1), those that a file's owner may set */
static long op_getflags(struct script *s, char **a)
{
	int fd = openat(s->root, a[0], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int v = 0, ret, saved;

	if (fd < 0)
		return -1;
	ret = ioctl(fd, FS_IOC_GETFLAGS, &v);
	saved = errno;
	close(fd);
	errno = saved;
	if (!ret)
		say(s, " %x", v & (FS_IMMUTABLE_FL | FS_APPEND_FL |
				   FS_NOATIME_FL | FS_NODUMP_FL));
	return ret;
}

/* setflags PATH NUMBER: those, the others stay */
static long op_setflags(struct script *s, char **a)
{
	int fd = openat(s->root, a[0], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int v = 0, ret, saved;

	if (fd < 0)
		return -1;
	ret = ioctl(fd, FS_IOC_GETFLAGS, &v);
	v &= ~(FS_IMMUTABLE_FL | FS_APPEND_FL | FS_NOATIME_FL | FS_NODUMP_FL);
	v |= num(a[1]);
	if (!ret)
		ret = ioctl(fd, FS_IOC_SETFLAGS, &v);
	saved = errno;
	close(fd);
	errno = saved;
	return ret;
}

/* statfs PATH: what a program may rely on */
static long op_statfs(struct script *s, char **a)
{
	struct statvfs v;

	if (statvfs(full(s, a[0]), &v))
		return -1;
	say(s, " namemax=%lu ro=%d sane=%d", v.f_namemax,
	    !!(v.f_flag & ST_RDONLY),
	    v.f_blocks && v.f_bavail <= v.f_bfree && v.f_bfree <= v.f_blocks);
	return 0;
}

/* exec PATH: its exit status */
static long op_exec(struct script *s, char **a)
{
	char *argv[] = {a[0], NULL}, *envp[] = {NULL};
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -1;
	if (!pid) {
		fexecve(openat(s->root, a[0], O_PATH | O_CLOEXEC), argv, envp);
		_exit(errno);
	}
	if (waitpid(pid, &status, 0) < 0)
		return -1;
	say(s, " status=%d", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return 0;
}

/* The process has one for all its scripts: the old value says nothing. */
static long op_umask(struct script *s, char **a)
{
	umask(num(a[0]));
	return 0;
}

#define OP(name, args)                                                         \
	{                                                                      \
		#name, args, op_##name                                         \
	}
const struct script_op script_ops[] = {
	OP(open, 3), OP(close, 1), OP(read, 2), OP(pread, 3), OP(write, 3),
	OP(pwrite, 4), OP(cat, 1), OP(put, 2), OP(fstat, 1), OP(stat, 1),
	OP(lstat, 1), OP(times, 1), OP(fsync, 1), OP(fdatasync, 1),
	OP(ftruncate, 2), OP(truncate, 2), OP(fallocate, 4), OP(lseek, 3),
	OP(holes, 1),
	OP(copyrange, 5), OP(sendfile, 3), OP(chmod, 2), OP(fchmod, 2),
	OP(chown, 3), OP(lchown, 3), OP(fchown, 3), OP(utimens, 3),
	OP(futimens, 3), OP(map, 5), OP(poke, 4), OP(peek, 3), OP(msync, 1),
	OP(unmap, 1), OP(flock, 2), OP(lock, 4), OP(getlock, 4),
	OP(setxattr, 3), OP(fsetxattr, 3), OP(getxattr, 2), OP(fgetxattr, 2),
	OP(removexattr, 2), OP(fremovexattr, 2), OP(listxattr, 1),
	OP(mkdir, 1), OP(rmdir, 1), OP(unlink, 1), OP(rename, 2), OP(link, 2),
	OP(linkfd, 2), OP(symlink, 2), OP(readlink, 1), OP(mknod, 3),
	OP(bind, 1), OP(access, 2), OP(readdir, 1), OP(readdirfd, 1),
	OP(getflags, 1), OP(setflags, 2), OP(statfs, 1), OP(exec, 1),
	OP(umask, 1), {NULL, 0, NULL},
};
#undef OP

#endif
