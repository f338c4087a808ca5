/* SPDX-License-Identifier: Apache-2.0 */
#include "fs/stage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "fs/fault.h"
#include "fs/marks.h"

void stage_name(struct fs *fs, char name[static STAGE_NAME_MAX])
{
	snprintf(name, STAGE_NAME_MAX, "#%lx",
		 atomic_fetch_add(&fs->stage_seq, 1));
}

static int make_named(struct fs *fs, mode_t type, dev_t rdev,
		      const char *target, struct staged *s)
{
	int r;

	stage_name(fs, s->name);
	if (S_ISLNK(type))
		r = symlinkat(target, fs->work_fd, s->name);
	else if (S_ISDIR(type))
		r = mkdirat(fs->work_fd, s->name, 0700);
	else
		r = mknodat(fs->work_fd, s->name, type | 0600, rdev);
	if (r) {
		r = -errno;
		s->name[0] = '\0';
		return r;
	}
	s->fd = openat(fs->work_fd, s->name,
		       (S_ISREG(type) ? O_RDWR : O_PATH) | O_NOFOLLOW |
			       O_CLOEXEC);
	return s->fd < 0 ? -errno : 0;
}

int stage_make(struct fs *fs, mode_t type, dev_t rdev, const char *target,
	       struct staged *ret)
{
	struct staged s = { .fs = fs, .fd = -1, .is_dir = S_ISDIR(type) };
	int r = fault_step("stage");

	if (r)
		return r;
	if (S_ISREG(type)) {
		s.fd = openat(fs->work_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC,
			      0600);
		if (s.fd < 0 && errno != EOPNOTSUPP && errno != EISDIR)
			return -errno;
	}
	if (s.fd < 0)
		r = make_named(fs, type, rdev, target, &s);
	if (r) {
		stage_release(&s);
		return r;
	}
	*ret = s;
	return 0;
}

void stage_release(struct staged *s)
{
	/* A failure leaves it to the next mount's stage_clean(). */
	if (s->name[0] && !s->installed)
		(void)unlinkat(s->fs->work_fd, s->name,
			       s->is_dir ? AT_REMOVEDIR : 0);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->name[0] = '\0';
}

int stage_set_attr(struct staged *s, uid_t uid, gid_t gid, mode_t mode)
{
	char path[FILEIO_PROC_PATH];

	if (fchownat(s->fd, "", uid, gid, AT_EMPTY_PATH))
		return -errno;
	if (S_ISLNK(mode))
		return 0;
	fileio_proc_path(path, s->fd, NULL);
	return chmod(path, mode & 07777) ? -errno : 0;
}

int stage_set_times(struct staged *s, const struct stat *st)
{
	struct timespec ts[2] = { st->st_atim, st->st_mtim };

	if (s->name[0])
		return utimensat(s->fs->work_fd, s->name, ts,
				 AT_SYMLINK_NOFOLLOW) ? -errno : 0;
	return futimens(s->fd, ts) ? -errno : 0;
}

int stage_link_fd(int fd, int dirfd, const char *name)
{
	char path[FILEIO_PROC_PATH];

	if (!linkat(fd, "", dirfd, name, AT_EMPTY_PATH))
		return 0;
	/* Without CAP_DAC_READ_SEARCH the kernel says ENOENT. */
	if (errno != ENOENT && errno != EPERM)
		return -errno;
	fileio_proc_path(path, fd, NULL);
	return linkat(AT_FDCWD, path, dirfd, name, AT_SYMLINK_FOLLOW) ? -errno :
									0;
}

int stage_link(struct staged *s, int dirfd, const char *name)
{
	if (!s->name[0])
		return stage_link_fd(s->fd, dirfd, name);
	return linkat(s->fs->work_fd, s->name, dirfd, name, 0) ? -errno : 0;
}

int stage_is_whiteout(struct fs *fs, int dirfd, const char *name)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -errno;
	return S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0);
}

/* rename(2) from the work directory; what was at `name` is gone or, with
 * RENAME_EXCHANGE, in the work directory. */
static int show(struct fs *fs, const char *from, int dirfd, const char *name,
		unsigned flags)
{
	int r = fault_step("install-rename");

	if (r)
		return r;
	return renameat2(fs->work_fd, from, dirfd, name, flags) ? -errno : 0;
}

/* rename(2) needs a name to move. */
static int give_name(struct staged *s)
{
	int r;

	if (s->name[0])
		return 0;
	stage_name(s->fs, s->name);
	r = stage_link_fd(s->fd, s->fs->work_fd, s->name);
	if (r)
		s->name[0] = '\0';
	return r;
}

int stage_replace(struct staged *s, int dirfd, const char *name)
{
	int r = give_name(s);

	if (!r)
		r = show(s->fs, s->name, dirfd, name, 0);
	if (!r)
		s->installed = true;
	return r;
}

static int install_over_whiteout(struct staged *s, int dirfd, const char *name)
{
	struct fs *fs = s->fs;
	int r = give_name(s);

	if (r)
		return r;
	if (!s->is_dir)
		return show(fs, s->name, dirfd, name, 0);
	r = show(fs, s->name, dirfd, name, RENAME_EXCHANGE);
	if (r)
		return r;
	s->installed = true;
	/* The whiteout has the directory's old name now.  The directory shows:
	 * a failure leaves the rest to the next mount. */
	if (!fault_step("drop-whiteout"))
		(void)unlinkat(fs->work_fd, s->name, 0);
	return 0;
}

int stage_install(struct staged *s, int dirfd, const char *name)
{
	int r;

	if (s->name[0])
		r = show(s->fs, s->name, dirfd, name, RENAME_NOREPLACE);
	else
		r = FAULT_STEP("install-link", stage_link_fd(s->fd, dirfd, name));
	if (r == -EEXIST) {
		r = stage_is_whiteout(s->fs, dirfd, name);
		if (r > 0)
			r = install_over_whiteout(s, dirfd, name);
		else if (!r)
			r = -EEXIST;
	}
	if (!r)
		s->installed = true;
	return r;
}

/* A whiteout in the work directory: one inode serves all, by hard links. */
static int make_whiteout(struct fs *fs, char name[static STAGE_NAME_MAX])
{
	stage_name(fs, name);
	if (!linkat(fs->work_fd, "whiteout", fs->work_fd, name, 0))
		return 0;
	if (errno != ENOENT && errno != EMLINK)
		return -errno;
	/* Full or not there yet: begin a new one, under any thread's race. */
	if (errno == EMLINK)
		(void)unlinkat(fs->work_fd, "whiteout", 0);
	if (mknodat(fs->work_fd, name, S_IFCHR | 0000, makedev(0, 0)))
		return -errno;
	if (linkat(fs->work_fd, name, fs->work_fd, "whiteout", 0) &&
	    errno != EEXIST) {
		int r = -errno;

		(void)unlinkat(fs->work_fd, name, 0);
		return r;
	}
	return 0;
}

int stage_probe(struct fs *fs)
{
	char wh[STAGE_NAME_MAX];
	int r = make_whiteout(fs, wh);

	/* Overlayfs makes none, for it would take it for its own. */
	if (r == -EPERM)
		return -EOPNOTSUPP;
	if (!r && unlinkat(fs->work_fd, wh, 0))
		r = -errno;
	if (!r)
		r = marks_set(fs, fs->work_fd, NULL, LAYER_OPAQUE, "y", 1);
	if (!r)
		r = marks_remove(fs, fs->work_fd, NULL, LAYER_OPAQUE);
	return r;
}

int stage_whiteout(struct fs *fs, int dirfd, const char *name)
{
	char wh[STAGE_NAME_MAX];
	int r = FAULT_STEP("whiteout", make_whiteout(fs, wh));

	if (r)
		return r;
	r = show(fs, wh, dirfd, name, 0);
	if (r)
		(void)unlinkat(fs->work_fd, wh, 0);
	return r;
}

/* Removes a directory that is out of sight with the whiteouts in it.  Who
 * still has it open sees its attributes: they must not change. */
static int remove_with_whiteouts(struct fs *fs, const char *name)
{
	_cleanup_dir DIR *d = NULL;
	struct dirent *e;
	int r = fileio_opendir(fs->work_fd, name, &d);

	if (r)
		return r;
	while ((errno = 0, e = readdir(d)))
		if (!fileio_is_dots(e->d_name) &&
		    unlinkat(dirfd(d), e->d_name, 0))
			return -errno;
	if (errno)
		return -errno;
	return unlinkat(fs->work_fd, name, AT_REMOVEDIR) ? -errno : 0;
}

int stage_remove_dir(struct fs *fs, int dirfd, const char *name,
		     bool whiteout)
{
	char tmp[STAGE_NAME_MAX];
	int r;

	if (whiteout) {
		r = FAULT_STEP("whiteout", make_whiteout(fs, tmp));
		if (r)
			return r;
		r = show(fs, tmp, dirfd, name, RENAME_EXCHANGE);
		if (r) {
			(void)unlinkat(fs->work_fd, tmp, 0);
			return r;
		}
	} else {
		stage_name(fs, tmp);
		r = fault_step("remove-dir");
		if (!r && renameat(dirfd, name, fs->work_fd, tmp))
			r = -errno;
		if (r)
			return r;
	}
	/* Gone for the container: what stays of it is the next mount's. */
	if (!fault_step("remove-dir-tree"))
		(void)remove_with_whiteouts(fs, tmp);
	return 0;
}

int stage_clean(struct fs *fs)
{
	_cleanup_dir DIR *d = NULL;
	struct dirent *e;
	int r = fileio_opendir(fs->work_fd, ".", &d);

	if (r)
		return r;
	while ((errno = 0, e = readdir(d))) {
		if (fileio_is_dots(e->d_name))
			continue;
		r = fileio_remove_tree(fs->work_fd, e->d_name);
		if (r && r != -ENOENT)
			return r;
	}
	return -errno;
}
