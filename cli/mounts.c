// SPDX-License-Identifier: Apache-2.0
#include "cli/mounts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/container_record.h"
#include "base/log.h"

#define FSTYPE "fuse.stencilfs"

void mounts_release(struct mounts *m)
{
	container_mount_release(&m->record);
}

const char *mounts_to_text(enum mount_state s)
{
	static const char *const text[] = { "unmounted", "mounted", "dead" };

	return text[s];
}

/* The record of a daemon that holds no lock any more: container_get_mount()
 * ignores it on purpose. */
static int read_left_record(int storefd, const char *id,
			    struct container_mount *ret)
{
	_cleanup_fd int dir = container_open(storefd, id);

	return dir < 0 ? dir : container_record_read_mount(dir, ret);
}

/* What a FUSE mount answers when its daemon is gone.  Not stat(2): the kernel
 * may answer that of a dead root from memory. */
static bool is_dead(const char *path)
{
	struct statfs st;

	return statfs(path, &st) &&
	       (errno == ENOTCONN || errno == ECONNABORTED);
}

int mounts_find(int storefd, const char *id, struct mounts *ret)
{
	struct mounts m = { .state = MOUNT_LIVE };
	int r = container_get_mount(storefd, id, &m.record);

	if (r == -ENOENT) {
		m.state = MOUNT_NONE;
		r = read_left_record(storefd, id, &m.record);
		/* A damaged one names no mount point; the next mount replaces
		 * it. */
		if (r == -ENOENT || r == -EBADMSG)
			r = 0;
		else if (!r && is_dead(m.record.mountpoint))
			m.state = MOUNT_DEAD;
	}
	if (m.state == MOUNT_NONE) {
		container_mount_release(&m.record);
		m.record = (struct container_mount){ 0 };
	}
	if (!r)
		*ret = m;
	else if (m.state != MOUNT_NONE)
		mounts_release(&m);
	return r;
}

/* The fifth field, unescaped, and the type, which follows " - ". */
static bool parse_mountinfo(char *line, char **ret_path, const char **ret_type)
{
	char *dash = strstr(line, " - ");
	char *save, *field = NULL;
	int i;

	if (!dash)
		return false;
	*dash = '\0';
	*ret_type = strtok_r(dash + 3, " ", &save);
	field = strtok_r(line, " ", &save);
	for (i = 1; i < 5 && field; i++)
		field = strtok_r(NULL, " ", &save);
	if (!field || !*ret_type)
		return false;
	escape_undo_octal(field);
	*ret_path = field;
	return true;
}

/* How many stencilfs mounts this process sees at a path, and whether one of
 * them is the topmost mount there. */
struct mounts_at {
	unsigned int count;
	bool topmost;
};

static int mounts_at(const char *path, struct mounts_at *ret)
{
	_cleanup_file FILE *f = fopen("/proc/self/mountinfo", "re");
	_cleanup_free char *line = NULL;
	struct mounts_at at = { 0, false };
	const char *type;
	size_t size = 0;
	char *where;

	if (!f)
		return -errno;
	while (getline(&line, &size, f) > 0) {
		if (!parse_mountinfo(line, &where, &type) ||
		    strcmp(where, path))
			continue;
		at.topmost = !strcmp(type, FSTYPE);
		at.count += at.topmost;
	}
	if (ferror(f))
		return -EIO;
	*ret = at;
	return 0;
}

int mounts_detach(const struct mounts *m, bool lazy)
{
	const char *path = m->record.mountpoint;
	struct mounts_at at = { 0, false };
	int r = mounts_at(path, &at);

	if (r) {
		log_error(r, "cannot read the mount table");
	} else if (!at.count) {
		r = -EINVAL;
		log_error(0, "cannot unmount %s: not mounted in this mount "
			     "namespace", path);
	} else if (!at.topmost || at.count > 1) {
		r = -EINVAL;
		log_error(0, "cannot unmount %s: another file system is "
			     "mounted over it", path);
	}
	if (r)
		return r;
	/* A dead mount has nothing to lose: processes may still stand in it. */
	if (m->state == MOUNT_DEAD)
		lazy = true;
	if (umount2(path, UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0))) {
		r = -errno;
		log_error(r, "cannot unmount %s", path);
	}
	return r;
}
