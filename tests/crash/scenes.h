/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations that crash and fail: what the container is like before, and
 * what is done.  Everything happens relative to the working directory of the
 * container's root; the template is that of faults.sh.
 */
#ifndef STENCIL_TESTS_CRASH_SCENES_H
#define STENCIL_TESTS_CRASH_SCENES_H

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

enum what {
	END,
	WRITE,	  /* open for writing, change a byte */
	APPEND,
	OPENTRUNC,
	TRUNCATE, /* to `number` bytes */
	CHMOD,	  /* to `number` */
	CHOWN,	  /* to `number`, of the link itself */
	UTIMES,
	SETXATTR,
	RMXATTR,
	CREATE,
	MKDIR,
	SYMLINK,  /* to `other` */
	FIFO,
	DEVICE,	  /* `number` */
	TMPFILE,  /* made in `other`, linked as `path` */
	LINK,	  /* `path` gets the name `other` */
	UNLINK,
	RMDIR,
	RENAME,	  /* to `other`, flags `number` */
};

struct step {
	enum what what;
	const char *path;
	const char *other;
	long number;
};

static int write_to(const char *path, int flags, const char *data)
{
	int fd = open(path, O_WRONLY | flags, 0640), r = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, data, strlen(data)) < 0)
		r = -errno;
	close(fd);
	return r;
}

static int make_tmpfile(const char *dir, const char *name)
{
	char path[64];
	int fd = open(dir, O_TMPFILE | O_RDWR, 0640), r = 0;

	if (fd < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, "temporary", 9) != 9 ||
	    linkat(AT_FDCWD, path, AT_FDCWD, name, AT_SYMLINK_FOLLOW))
		r = -errno;
	close(fd);
	return r;
}

static int change_times(const char *path)
{
	struct timespec ts[2] = { { 1000000000, 7 }, { 1000000001, 8 } };

	return utimensat(AT_FDCWD, path, ts, AT_SYMLINK_NOFOLLOW);
}

static int step_run(const struct step *s)
{
	const char *p = s->path, *o = s->other;
	int r = 0;

	switch (s->what) {
	case END:	break;
	case WRITE:	return write_to(p, 0, "W");
	case APPEND:	return write_to(p, O_APPEND, "appended");
	case OPENTRUNC:	return write_to(p, O_TRUNC, "");
	case CREATE:	return write_to(p, O_CREAT | O_EXCL, "created");
	case TRUNCATE:	r = truncate(p, s->number); break;
	case CHMOD:	r = chmod(p, (mode_t)s->number); break;
	case CHOWN:	r = lchown(p, (uid_t)s->number, 7); break;
	case UTIMES:	r = change_times(p); break;
	case SETXATTR:	r = setxattr(p, "user.new", "value", 5, 0); break;
	case RMXATTR:	r = removexattr(p, "user.color"); break;
	case MKDIR:	r = mkdir(p, 0750); break;
	case SYMLINK:	r = symlink(o, p); break;
	case FIFO:	r = mkfifo(p, 0640); break;
	case DEVICE:	r = mknod(p, S_IFCHR | 0640, (dev_t)s->number); break;
	case TMPFILE:	return make_tmpfile(o, p);
	case LINK:	r = link(p, o); break;
	case UNLINK:	r = unlink(p); break;
	case RMDIR:	r = rmdir(p); break;
	case RENAME:	r = renameat2(AT_FDCWD, p, AT_FDCWD, o,
				      (unsigned)s->number); break;
	}
	return r ? -errno : 0;
}

struct scene {
	const char *name;
	struct step op;
	struct step before[6]; /* until END */
};

#define NO_DIR2							\
	{ UNLINK, "dir2/a" }, { UNLINK, "dir2/b" }, { RMDIR, "dir2" }
#define EMPTY_DIR2						\
	{ UNLINK, "dir2/a" }, { UNLINK, "dir2/b" }

/* What a step does not need is left out. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* One file, and what is on the way to it. */
static const struct scene break_scenes[] = {
	{ "open for writing", { WRITE, "file" } },
	{ "append, three levels deep", { APPEND, "d1/d2/d3/f" } },
	{ "O_TRUNC", { OPENTRUNC, "file" } },
	{ "truncate to less", { TRUNCATE, "attrs", .number = 4 } },
	{ "truncate to more", { TRUNCATE, "attrs", .number = 50000 } },
	{ "truncate to nothing, deep", { TRUNCATE, "d1/d2/d3/f" } },
	{ "write an empty file", { WRITE, "empty" } },
	{ "write a set-id file", { WRITE, "suid" } },
	{ "write a file with capabilities", { WRITE, "capable" } },
	{ "chmod", { CHMOD, "file", .number = 0600 } },
	{ "chmod, deep", { CHMOD, "d1/d2/d3/f", .number = 0600 } },
	{ "chown", { CHOWN, "attrs", .number = 77 } },
	{ "utimes", { UTIMES, "attrs" } },
	{ "setxattr", { SETXATTR, "attrs" } },
	{ "removexattr", { RMXATTR, "attrs" } },
	{ "chmod of a directory", { CHMOD, "d1/d2", .number = 0700 } },
	{ "setxattr of a directory", { SETXATTR, "dir" } },
	{ "chown of a link", { CHOWN, "link", .number = 77 } },
	{ "chmod of a fifo", { CHMOD, "fifo", .number = 0600 } },
	{ "chmod of a device", { CHMOD, "null", .number = 0600 } },
	{ "write after chmod", { WRITE, "attrs" },
	  { { CHMOD, "attrs", .number = 0600 } } },
	{ "O_TRUNC after chmod", { OPENTRUNC, "attrs" },
	  { { CHMOD, "attrs", .number = 0600 } } },
	{ "truncate to less after chmod",
	  { TRUNCATE, "attrs", .number = 4 },
	  { { CHMOD, "attrs", .number = 0600 } } },
	{ "truncate to more after chmod",
	  { TRUNCATE, "attrs", .number = 50000 },
	  { { CHMOD, "attrs", .number = 0600 } } },
	{ "write after rename", { WRITE, "moved" },
	  { { RENAME, "attrs", "moved" } } },
	{ "write with capabilities after chown", { WRITE, "capable" },
	  { { UTIMES, "capable" } } },
	{ 0 },
};

/* Hard links: hl1, hl2 and dir/hl3 are one file of the template. */
static const struct scene link_scenes[] = {
	{ "write by the first name", { WRITE, "hl1" } },
	{ "write by the name in a directory", { WRITE, "dir/hl3" } },
	{ "O_TRUNC", { OPENTRUNC, "hl2" } },
	{ "chmod", { CHMOD, "dir/hl3", .number = 0600 } },
	{ "setxattr", { SETXATTR, "hl1" } },
	{ "write by another name after chmod", { WRITE, "dir/hl3" },
	  { { CHMOD, "hl1", .number = 0600 } } },
	{ "unlink of a name", { UNLINK, "hl1" } },
	{ "unlink in a directory", { UNLINK, "dir/hl3" } },
	{ "unlink of another name after a write", { UNLINK, "dir/hl3" },
	  { { WRITE, "hl1" } } },
	{ "unlink of the written name", { UNLINK, "hl1" },
	  { { WRITE, "hl1" } } },
	{ "unlink of the last name", { UNLINK, "dir/hl3" },
	  { { UNLINK, "hl1" }, { UNLINK, "hl2" } } },
	{ "unlink of the last name, written", { UNLINK, "dir/hl3" },
	  { { WRITE, "hl1" }, { UNLINK, "hl1" }, { UNLINK, "hl2" } } },
	{ "write of the last name", { WRITE, "dir/hl3" },
	  { { UNLINK, "hl1" }, { UNLINK, "hl2" } } },
	{ "rename of a name", { RENAME, "hl1", "moved" } },
	{ "rename of a name, elsewhere", { RENAME, "dir/hl3", "d1/d2/moved" } },
	{ "rename of another name after a write",
	  { RENAME, "hl2", "dir2/moved" }, { { WRITE, "hl1" } } },
	{ "rename over a name", { RENAME, "file", "hl2" } },
	{ "rename over a name after a write", { RENAME, "file", "hl2" },
	  { { WRITE, "hl1" } } },
	{ "rename over the last name", { RENAME, "file", "dir/hl3" },
	  { { UNLINK, "hl1" }, { UNLINK, "hl2" } } },
	{ "rename of a name over another file", { RENAME, "hl1", "attrs" } },
	{ "rename of a name over its other", { RENAME, "hl1", "hl2" } },
	{ "exchange with another file",
	  { RENAME, "hl1", "file", RENAME_EXCHANGE } },
	{ "one more name", { LINK, "hl1", "dir2/new" } },
	{ "one more name after a write", { LINK, "hl2", "d1/d2/new" },
	  { { WRITE, "hl1" } } },
	{ "a name in place of one that went", { LINK, "hl2", "hl1" },
	  { { UNLINK, "hl1" } } },
	{ "unlink of the new name", { UNLINK, "new" },
	  { { LINK, "hl1", "new" } } },
	{ "private names", { UNLINK, "q" },
	  { { CREATE, "p" }, { LINK, "p", "q" } } },
	{ 0 },
};

static const struct scene name_scenes[] = {
	{ "create, deep", { CREATE, "d1/d2/d3/new" } },
	{ "create in a set-gid directory", { CREATE, "sgid/new" } },
	{ "create over a whiteout", { CREATE, "file" },
	  { { UNLINK, "file" } } },
	{ "create over a directory's whiteout", { CREATE, "dir2" },
	  { NO_DIR2 } },
	{ "mkdir, deep", { MKDIR, "d1/d2/d3/new" } },
	{ "mkdir over a file's whiteout", { MKDIR, "file" },
	  { { UNLINK, "file" } } },
	{ "mkdir over a directory's whiteout", { MKDIR, "dir2" },
	  { NO_DIR2 } },
	{ "symlink, deep", { SYMLINK, "d1/d2/new", "../file" } },
	{ "symlink over a whiteout", { SYMLINK, "file", "elsewhere" },
	  { { UNLINK, "file" } } },
	{ "mkfifo", { FIFO, "d1/new" } },
	{ "mkfifo over a whiteout", { FIFO, "file" }, { { UNLINK, "file" } } },
	{ "mknod", { DEVICE, "d1/new", .number = 0x105 } },
	{ "mknod 0:0", { DEVICE, "d1/new", .number = 0 } },
	{ "O_TMPFILE and link, deep", { TMPFILE, "d1/d2/new", "d1/d2" } },
	{ "O_TMPFILE and link over a whiteout", { TMPFILE, "file", "." },
	  { { UNLINK, "file" } } },
	{ "link", { LINK, "file", "d1/d2/new" } },
	{ "link of a file with attributes", { LINK, "attrs", "new" } },
	{ "link of a written file", { LINK, "file", "d1/d2/new" },
	  { { WRITE, "file" } } },
	{ "link over a whiteout", { LINK, "attrs", "file" },
	  { { UNLINK, "file" } } },
	{ "link of a fifo", { LINK, "fifo", "d1/new" } },
	{ "unlink", { UNLINK, "file" } },
	{ "unlink, deep", { UNLINK, "d1/d2/d3/f" } },
	{ "unlink of a link", { UNLINK, "dir/up" } },
	{ "unlink of a written file", { UNLINK, "file" },
	  { { WRITE, "file" } } },
	{ "unlink of a private file", { UNLINK, "dir/new" },
	  { { CREATE, "dir/new" } } },
	{ "rmdir", { RMDIR, "emptydir" } },
	{ "rmdir with whiteouts", { RMDIR, "dir2" }, { EMPTY_DIR2 } },
	{ "rmdir of a private directory", { RMDIR, "d1/new" },
	  { { MKDIR, "d1/new" } } },
	{ "rmdir of an opaque directory", { RMDIR, "dir2" },
	  { NO_DIR2, { MKDIR, "dir2" } } },
	{ 0 },
};

/* Not RENAME_WHITEOUT, which is two operations: the device comes second. */
static const struct scene rename_scenes[] = {
	{ "a file", { RENAME, "attrs", "moved" } },
	{ "a file, deep", { RENAME, "attrs", "d1/d2/d3/moved" } },
	{ "a file out of the deep", { RENAME, "d1/d2/d3/f", "moved" } },
	{ "a file after chmod", { RENAME, "attrs", "d1/moved" },
	  { { CHMOD, "attrs", .number = 0600 } } },
	{ "a written file", { RENAME, "attrs", "d1/moved" },
	  { { WRITE, "attrs" } } },
	{ "a private file", { RENAME, "new", "d1/d2/moved" },
	  { { CREATE, "new" } } },
	{ "a link", { RENAME, "dir/up", "moved" } },
	{ "a fifo", { RENAME, "fifo", "d1/moved" } },
	{ "a file over a file", { RENAME, "file", "attrs" } },
	{ "a file over a private one", { RENAME, "file", "d1/new" },
	  { { CREATE, "d1/new" } } },
	{ "a private file over a file", { RENAME, "new", "d1/d2/d3/f" },
	  { { CREATE, "new" } } },
	{ "a private file over a written one", { RENAME, "new", "attrs" },
	  { { CREATE, "new" }, { WRITE, "attrs" } } },
	{ "a file over a whiteout", { RENAME, "attrs", "file" },
	  { { UNLINK, "file" } } },
	{ "a file over a directory's whiteout", { RENAME, "file", "dir2" },
	  { NO_DIR2 } },
	{ "a private file over a whiteout", { RENAME, "new", "file" },
	  { { CREATE, "new" }, { UNLINK, "file" } } },
	{ "a file, not replacing",
	  { RENAME, "attrs", "moved", RENAME_NOREPLACE } },
	{ "a file and back", { RENAME, "moved", "attrs" },
	  { { RENAME, "attrs", "moved" } } },
	{ "a directory", { RENAME, "dir", "moved" } },
	{ "a directory, deep", { RENAME, "dir", "d1/d2/d3/moved" } },
	{ "a directory out of the deep", { RENAME, "d1/d2/d3", "moved" } },
	{ "a changed directory", { RENAME, "dir", "moved" },
	  { { CREATE, "dir/new" }, { UNLINK, "dir/a" },
	    { WRITE, "dir/b" } } },
	{ "a directory and back", { RENAME, "moved", "dir" },
	  { { RENAME, "dir", "moved" } } },
	{ "a private directory", { RENAME, "new", "d1/moved" },
	  { { MKDIR, "new" }, { CREATE, "new/file" } } },
	{ "a directory over an empty one", { RENAME, "dir", "emptydir" } },
	{ "a directory over an emptied one", { RENAME, "dir", "dir2" },
	  { EMPTY_DIR2 } },
	{ "a directory over a private one", { RENAME, "dir", "d1/new" },
	  { { MKDIR, "d1/new" } } },
	{ "a private directory over an empty one",
	  { RENAME, "new", "emptydir" },
	  { { MKDIR, "new" }, { CREATE, "new/file" } } },
	{ "a private directory over an emptied one",
	  { RENAME, "new", "dir2" },
	  { EMPTY_DIR2, { MKDIR, "new" }, { CREATE, "new/file" } } },
	{ "a directory over a whiteout", { RENAME, "dir", "dir2" },
	  { NO_DIR2 } },
	{ "a directory over a file's whiteout", { RENAME, "dir", "file" },
	  { { UNLINK, "file" } } },
	{ "a private directory over a whiteout", { RENAME, "new", "dir2" },
	  { NO_DIR2, { MKDIR, "new" }, { CREATE, "new/file" } } },
	{ "exchange of files",
	  { RENAME, "file", "d1/d2/d3/f", RENAME_EXCHANGE } },
	{ "exchange of directories",
	  { RENAME, "dir", "d1/d2", RENAME_EXCHANGE } },
	{ "exchange of a file and a directory",
	  { RENAME, "attrs", "d1/d2", RENAME_EXCHANGE } },
	{ "exchange with a private file",
	  { RENAME, "new", "attrs", RENAME_EXCHANGE }, { { CREATE, "new" } } },
	{ "exchange with a private directory",
	  { RENAME, "new", "dir", RENAME_EXCHANGE },
	  { { MKDIR, "new" }, { CREATE, "new/file" } } },
	{ 0 },
};

#pragma GCC diagnostic pop

#endif
