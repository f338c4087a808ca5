/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fsop.c's operations that take paths.  Symbolic links are not followed where
 * the system has a call that does not.
 *
 * Thread safety: one thread.  Ownership: nothing is kept.  Errors: 0 or a
 * negative errno.
 */
#ifndef STENCIL_TESTS_FSOP_PATHS_H
#define STENCIL_TESTS_FSOP_PATHS_H

#include <dirent.h>
#include <grp.h>
#include <spawn.h>
#include <sys/wait.h>

static int ret(long rc)
{
	return rc < 0 ? -errno : 0;
}

static int op_stat(char **a)
{
	struct stat st;

	if (lstat(a[0], &st))
		return -errno;
	say_stat(&st, a[1] ? a[1] : "type");
	return 0;
}

static int op_chmod(char **a)
{
	return ret(chmod(a[0], number(a[1])));
}

static int op_chown(char **a)
{
	return ret(lchown(a[0], number(a[1]), number(a[2])));
}

static int op_utimes(char **a)
{
	struct timespec ts[2] = { timespec_of(a[1]), timespec_of(a[2]) };

	return ret(utimensat(AT_FDCWD, a[0], ts, AT_SYMLINK_NOFOLLOW));
}

static int op_truncate(char **a)
{
	return ret(truncate(a[0], number(a[1])));
}

static int op_setxattr(char **a)
{
	size_t len;
	char *buf = data(a[2], &len);

	return ret(lsetxattr(a[0], a[1], buf, len, a[3] ? number(a[3]) : 0));
}

static int op_getxattr(char **a)
{
	static char buf[65536];
	size_t size = a[2] ? (size_t)number(a[2]) : sizeof(buf);
	ssize_t n = lgetxattr(a[0], a[1], buf, size);

	if (n < 0)
		return -errno;
	if (!size)
		say("%zd", n);
	else
		say_bytes(buf, n);
	return 0;
}

static int op_removexattr(char **a)
{
	return ret(lremovexattr(a[0], a[1]));
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int op_listxattr(char **a)
{
	static char buf[65536];
	char *names[4096];
	int count = 0;
	ssize_t n = llistxattr(a[0], buf, sizeof(buf));

	if (n < 0)
		return -errno;
	for (char *c = buf; c < buf + n && count < 4096; c += strlen(c) + 1)
		names[count++] = c;
	qsort(names, count, sizeof(names[0]), compare_names);
	for (int i = 0; i < count; i++)
		say("%s%s", i ? " " : "", names[i]);
	return 0;
}

static int op_mkdir(char **a)
{
	return ret(mkdir(a[0], a[1] ? number(a[1]) : 0777));
}

static int op_mknod(char **a)
{
	mode_t type = *a[1] == 'f' ? S_IFREG : *a[1] == 'p' ? S_IFIFO :
		      *a[1] == 's' ? S_IFSOCK : *a[1] == 'b' ? S_IFBLK :
		      S_IFCHR;
	dev_t dev = a[3] && a[4] ? makedev(number(a[3]), number(a[4])) : 0;

	return ret(mknod(a[0], type | number(a[2]), dev));
}

static int op_unlink(char **a)
{
	return ret(unlink(a[0]));
}

static int op_rmdir(char **a)
{
	return ret(rmdir(a[0]));
}

static int op_symlink(char **a)
{
	return ret(symlink(a[0], a[1]));
}

static int op_readlink(char **a)
{
	static char buf[PATH_MAX];
	ssize_t n = readlink(a[0], buf, sizeof(buf));

	if (n < 0)
		return -errno;
	say_bytes(buf, n);
	return 0;
}

static int op_link(char **a)
{
	return ret(link(a[0], a[1]));
}

static int op_rename(char **a)
{
	return ret(renameat2(AT_FDCWD, a[0], AT_FDCWD, a[1],
			     a[2] ? number(a[2]) : 0));
}

static int op_access(char **a)
{
	return ret(faccessat(AT_FDCWD, a[0], number(a[1]), AT_EACCESS));
}

static int op_chdir(char **a)
{
	return ret(chdir(a[0]));
}

static int op_chroot(char **a)
{
	return ret(chroot(a[0]));
}

static int op_umask(char **a)
{
	umask(number(a[0]));
	return 0;
}

/* Becomes a user of that uid and gid for the rest of the program. */
static int op_user(char **a)
{
	gid_t gid = number(a[1]);
	uid_t uid = number(a[0]);

	if (setgroups(0, NULL) || setresgid(gid, gid, gid) ||
	    setresuid(uid, uid, uid))
		return -errno;
	return 0;
}

/* Makes or enters COUNT nested directories of that name, however long their
 * path gets. */
static int op_deep(char **a)
{
	for (long long i = number(a[2]); i > 0; i--) {
		if (!strcmp(a[0], "make") && mkdir(a[1], 0777))
			return -errno;
		if (chdir(a[1]))
			return -errno;
	}
	return 0;
}

#define MAX_LISTED 10000

/* As programs list: opendir(3) and readdir(3), and lstat(2) of each name if
 * the second word is "stat", of all when they have been read if "then". */
static int op_list(char **a)
{
	static char *names[MAX_LISTED];
	DIR *d = opendir(a[0]);
	struct dirent *e;
	struct stat st;
	size_t n = 0;

	if (!d)
		return -errno;
	while (errno = 0, (e = readdir(d))) {
		if (a[1] && !strcmp(a[1], "stat") &&
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW))
			break;
		if (a[1] && !strcmp(a[1], "then") && n < MAX_LISTED)
			names[n++] = strdup(e->d_name);
	}
	for (size_t i = 0; !errno && i < n; i++)
		(void)fstatat(dirfd(d), names[i], &st, AT_SYMLINK_NOFOLLOW);
	if (errno)
		return -errno;
	return ret(closedir(d));
}

/* execve(2) of a program, until it ends. */
static int op_exec(char **a)
{
	char *argv[] = { a[0], NULL };
	int status, r;
	pid_t pid;

	r = posix_spawn(&pid, a[0], NULL, NULL, argv, environ);
	if (r)
		return -r;
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -ECANCELED;
}

/* A shell command in the middle of a sequence. */
static int op_sh(char **a)
{
	int status = system(a[0]);

	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -ECANCELED;
}

/* Waits until the process has ended. */
static int op_waitdead(char **a)
{
	int fd = syscall(SYS_pidfd_open, number(a[0]), 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (fd < 0)
		return errno == ESRCH ? 0 : -errno;
	return poll(&p, 1, number(a[1])) > 0 ? 0 : -ETIMEDOUT;
}

static const struct op path_ops[] = {
	{ "stat", op_stat, 1, "PATH [FIELD[,FIELD]] (lstat)" },
	{ "chmod", op_chmod, 2, "PATH MODE" },
	{ "chown", op_chown, 3, "PATH UID GID (lchown)" },
	{ "utimes", op_utimes, 3, "PATH ATIME MTIME" },
	{ "truncate", op_truncate, 2, "PATH LEN" },
	{ "setxattr", op_setxattr, 3, "PATH NAME DATA [FLAGS]" },
	{ "getxattr", op_getxattr, 2, "PATH NAME [BUFFER LENGTH]" },
	{ "removexattr", op_removexattr, 2, "PATH NAME" },
	{ "listxattr", op_listxattr, 1, "PATH" },
	{ "mkdir", op_mkdir, 1, "PATH [MODE]" },
	{ "mknod", op_mknod, 3, "PATH f|p|s|b|c MODE [MAJOR MINOR]" },
	{ "unlink", op_unlink, 1, "PATH" },
	{ "rmdir", op_rmdir, 1, "PATH" },
	{ "symlink", op_symlink, 2, "TARGET PATH" },
	{ "readlink", op_readlink, 1, "PATH" },
	{ "link", op_link, 2, "OLD NEW" },
	{ "rename", op_rename, 2, "OLD NEW [RENAME_*]" },
	{ "access", op_access, 2, "PATH ?_OK" },
	{ "chdir", op_chdir, 1, "PATH" },
	{ "chroot", op_chroot, 1, "PATH" },
	{ "umask", op_umask, 1, "MASK" },
	{ "user", op_user, 2, "UID GID" },
	{ "deep", op_deep, 3, "make|enter NAME COUNT" },
	{ "list", op_list, 1, "PATH [stat|then]" },
	{ "exec", op_exec, 1, "PATH" },
	{ "sh", op_sh, 1, "COMMAND" },
	{ "waitdead", op_waitdead, 2, "PID TIMEOUT" },
	{ NULL, NULL, 0, NULL },
};

#endif
