// SPDX-License-Identifier: Apache-2.0
/*
 * A tar archive as a source, by libarchive: every tar dialect, every
 * compression.  Owners are the numbers in the archive; names of users are
 * looked up only in an ACL that has no number.
 *
 * What cannot be read exactly is an error and not a warning: a template's
 * version says that it IS the archive's content.
 */
#include "mkimage/source.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <locale.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "mkimage/acl.h"
#include "mkimage/stop.h"

#define READ_SIZE (1 << 20)
#define TAR_BLOCK 512
#define NSEC_PER_SEC 1000000000

struct source_tar {
	struct source source;
	struct archive *archive;
	locale_t locale;
	char *path;	  /* of the entry in work, for messages */
	int64_t consumed; /* bytes of the tar stream before the last header */
	int fd;
	char *buffer;	  /* READ_SIZE */
	bool in_entry;	  /* libarchive has handed out a header */
	bool wants_data;
};

static struct source_tar *from_source(struct source *s)
{
	return (struct source_tar *)((char *)s -
				     offsetof(struct source_tar, source));
}

static int failed(const char *path, int r)
{
	log_error(r, "%s", path);
	return r;
}

/* What libarchive says about the archive or the entry in work. */
static int archive_failed(struct source_tar *t)
{
	const char *text = archive_error_string(t->archive);
	int e = archive_errno(t->archive);

	if (e == EINTR)
		return -EINTR;
	log_error(0, "%s: %s", t->path ? t->path : t->source.name,
		  text ? text : "cannot be read");
	/* libarchive has numbers of its own beside errno's. */
	return e == ENOMEM || e == EIO || e == ENOSPC ? -e : -EBADMSG;
}

static int set_name(struct source_tar *t, const char *name, char **ret)
{
	int r = name ? source_path(name, ret) : -EILSEQ;

	if (r == -EINVAL)
		log_error(0, "%.200s: an empty name, or one with '..'", name);
	else if (r)
		log_error(r, "%.200s", name ? name : t->source.name);
	return r;
}

static uint16_t acl_perm(int permset)
{
	return (permset & ARCHIVE_ENTRY_ACL_READ ? 4 : 0) |
	       (permset & ARCHIVE_ENTRY_ACL_WRITE ? 2 : 0) |
	       (permset & ARCHIVE_ENTRY_ACL_EXECUTE ? 1 : 0);
}

static int user_id(const char *name, uint32_t *ret)
{
	struct passwd *pw = name ? getpwnam(name) : NULL;

	if (!pw)
		return -ENOENT;
	*ret = pw->pw_uid;
	return 0;
}

static int group_id(const char *name, uint32_t *ret)
{
	struct group *gr = name ? getgrnam(name) : NULL;

	if (!gr)
		return -ENOENT;
	*ret = gr->gr_gid;
	return 0;
}

static int acl_add_entry(struct acl *a, int permset, int tag, int qual,
			 const char *name)
{
	uint16_t perm = acl_perm(permset);
	uint32_t id = (uint32_t)qual;
	int r = 0;

	switch (tag) {
	case ARCHIVE_ENTRY_ACL_USER_OBJ:
		return acl_add(a, ACL_TAG_USER_OBJ, perm, ACL_NO_ID);
	case ARCHIVE_ENTRY_ACL_GROUP_OBJ:
		return acl_add(a, ACL_TAG_GROUP_OBJ, perm, ACL_NO_ID);
	case ARCHIVE_ENTRY_ACL_MASK:
		return acl_add(a, ACL_TAG_MASK, perm, ACL_NO_ID);
	case ARCHIVE_ENTRY_ACL_OTHER:
		return acl_add(a, ACL_TAG_OTHER, perm, ACL_NO_ID);
	case ARCHIVE_ENTRY_ACL_USER:
		if (qual < 0)
			r = user_id(name, &id);
		return r ? r : acl_add(a, ACL_TAG_USER, perm, id);
	case ARCHIVE_ENTRY_ACL_GROUP:
		if (qual < 0)
			r = group_id(name, &id);
		return r ? r : acl_add(a, ACL_TAG_GROUP, perm, id);
	}
	return -EINVAL;
}

/* One kind of ACL of the entry as the kernel's attribute. */
static int take_acl(struct source_tar *t, struct archive_entry *ae, int type,
		    const char *attr, struct manifest_entry *e)
{
	_cleanup_bytes struct bytes value = BYTES_INIT;
	int permset, tag, qual, got_type, r = 0;
	struct acl a = { NULL, 0 };
	const char *name;

	if (!archive_entry_acl_reset(ae, type))
		return 0;
	while (!r && archive_entry_acl_next(ae, type, &got_type, &permset,
					    &tag, &qual, &name) == ARCHIVE_OK) {
		r = acl_add_entry(&a, permset, tag, qual, name);
		if (r == -ENOENT)
			log_error(0, "%s: %s in its ACL has no number and is not known here",
				  e->path, name ? name : "an entry");
		else if (r)
			failed(e->path, r);
	}
	if (!r && a.n &&
	    (type == ARCHIVE_ENTRY_ACL_TYPE_DEFAULT || !acl_is_minimal(&a))) {
		r = acl_format(&a, &value);
		if (!r)
			r = source_add_xattr(&t->source, e, attr, value.data,
					     value.len);
	}
	acl_release(&a);
	return r;
}

static int take_xattrs(struct source_tar *t, struct archive_entry *ae,
		       struct manifest_entry *e)
{
	const char *name;
	const void *value;
	size_t len;
	int r = 0;

	archive_entry_xattr_reset(ae);
	while (!r && archive_entry_xattr_next(ae, &name, &value, &len) ==
			     ARCHIVE_OK) {
		if (!name || !name[0]) {
			log_error(0, "%s: an attribute without a name",
				  e->path);
			return -EBADMSG;
		}
		r = source_add_xattr(&t->source, e, name, value, len);
	}
	if (!r)
		r = take_acl(t, ae, ARCHIVE_ENTRY_ACL_TYPE_ACCESS,
			     ACL_ACCESS_NAME, e);
	if (!r)
		r = take_acl(t, ae, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT,
			     ACL_DEFAULT_NAME, e);
	/* libarchive takes the group's entry for the group bits; they are the
	 * mask's. */
	for (size_t i = 0; i < e->nxattrs; i++)
		if (!strcmp(e->xattrs[i].name, ACL_ACCESS_NAME))
			e->mode = acl_mode(e->xattrs[i].value,
					   e->xattrs[i].len, e->mode);
	source_sort_xattrs(e);
	return r;
}

/* (uid_t)-1 means "no change" to chown(2), so nobody can be that. */
static bool id_ok(int64_t id)
{
	return id >= 0 && id < UINT32_MAX;
}

/*
 * libarchive reads "-1.25" as -1 and +0.25 (3.6 does; the test
 * build-fidelity tells if that changes).  Of "-0.25" the sign is lost.
 */
static void take_mtime(struct archive_entry *ae, struct manifest_entry *e)
{
	long nsec = archive_entry_mtime_nsec(ae);

	e->mtime_sec = archive_entry_mtime(ae);
	if (nsec <= 0 || nsec >= NSEC_PER_SEC)
		return;
	e->mtime_nsec = (uint32_t)nsec;
	if (e->mtime_sec < 0) {
		e->mtime_sec--;
		e->mtime_nsec = NSEC_PER_SEC - e->mtime_nsec;
	}
}

static int take_stat(struct archive_entry *ae, struct manifest_entry *e)
{
	mode_t type = archive_entry_filetype(ae);

	if (!id_ok(archive_entry_uid(ae)) || !id_ok(archive_entry_gid(ae))) {
		log_error(-EOVERFLOW, "%s: its owner", e->path);
		return -EOVERFLOW;
	}
	e->mode = type | (archive_entry_perm(ae) & 07777);
	e->uid = (uint32_t)archive_entry_uid(ae);
	e->gid = (uint32_t)archive_entry_gid(ae);
	take_mtime(ae, e);
	switch (type) {
	case S_IFLNK:
		/* As Linux has it: a link's permissions mean nothing. */
		e->mode = S_IFLNK | 0777;
		break;
	case S_IFREG:
		e->size = (uint64_t)archive_entry_size(ae);
		break;
	case S_IFCHR:
	case S_IFBLK:
		e->rdev = archive_entry_rdev(ae);
		break;
	case S_IFDIR:
	case S_IFIFO:
		break;
	default:
		log_error(0, "%s: an entry of unknown type", e->path);
		return -EBADMSG;
	}
	return 0;
}

static int take_target(struct source_tar *t, struct archive_entry *ae,
		       struct manifest_entry *e)
{
	const char *target = archive_entry_symlink(ae);

	if (!target || !target[0]) {
		log_error(0, "%s: a symbolic link to nothing", e->path);
		return -EBADMSG;
	}
	if (strlen(target) >= PATH_MAX)
		return failed(e->path, -ENAMETOOLONG);
	e->target = strdup(target);
	if (!e->target)
		return failed(e->path, -ENOMEM);
	e->size = strlen(target);
	return 0;
}

static int take(struct source_tar *t, struct archive_entry *ae,
		struct manifest_entry *e)
{
	int r = set_name(t, archive_entry_pathname(ae), &e->path);

	if (r)
		return r;
	free(t->path);
	t->path = strdup(e->path);
	t->wants_data = false;
	if (archive_entry_hardlink(ae)) {
		/* Some writers repeat the data: it is that of the target. */
		e->hardlink = true;
		return set_name(t, archive_entry_hardlink(ae), &e->target);
	}
	r = take_stat(ae, e);
	if (!r && S_ISLNK(e->mode))
		r = take_target(t, ae, e);
	if (!r)
		r = take_xattrs(t, ae, e);
	t->wants_data = S_ISREG(e->mode);
	return r;
}

/*
 * An archive ends with two blocks of zeros.  libarchive also takes the end of
 * the file for the end, and so a truncated archive for a whole one.
 */
static int check_end(struct source_tar *t)
{
	int64_t more = archive_filter_bytes(t->archive, 0) - t->consumed;

	if (more >= TAR_BLOCK)
		return 0;
	log_error(0, "%s: has no end mark, it is truncated", t->source.name);
	return -EBADMSG;
}

static int tar_next(struct source *s, struct source_item *ret)
{
	struct source_tar *t = from_source(s);
	struct manifest_entry e = { 0 };
	struct archive_entry *ae;
	locale_t before;
	int r;

	if (t->in_entry && archive_read_data_skip(t->archive) < ARCHIVE_WARN)
		return archive_failed(t);
	t->in_entry = false;
	t->consumed = archive_filter_bytes(t->archive, 0);
	/* Names in PAX headers are UTF-8, and come out as such. */
	before = uselocale(t->locale);
	r = archive_read_next_header(t->archive, &ae);
	if (r == ARCHIVE_EOF) {
		uselocale(before);
		return check_end(t);
	}
	t->in_entry = r == ARCHIVE_OK;
	r = t->in_entry ? take(t, ae, &e) : archive_failed(t);
	uselocale(before);
	if (r) {
		manifest_entry_release(&e);
		return r;
	}
	ret->entry = e;
	return 1;
}

static int tar_data(struct source *s, struct source_block *ret)
{
	struct source_tar *t = from_source(s);
	const void *data;
	int64_t offset;
	size_t len;
	int r;

	if (!t->wants_data)
		return 0;
	do {
		r = archive_read_data_block(t->archive, &data, &len, &offset);
		if (r == ARCHIVE_EOF) {
			t->wants_data = false;
			return 0;
		}
		if (r != ARCHIVE_OK)
			return archive_failed(t);
	} while (!len);
	if (offset < 0)
		return archive_failed(t);
	ret->data = data;
	ret->len = len;
	ret->offset = (uint64_t)offset;
	return 1;
}

static void tar_close(struct source *s)
{
	struct source_tar *t = from_source(s);

	archive_read_free(t->archive);
	if (t->fd >= 0)
		close(t->fd);
	free(t->buffer);
	if (t->locale)
		freelocale(t->locale);
	free(t->path);
	free(t);
}

static const struct source_ops tar_ops = {
	.next = tar_next,
	.data = tar_data,
	.close = tar_close,
};

/* libarchive's reader.  Its own one would go on after a signal. */
static ssize_t read_archive(struct archive *a, void *arg, const void **ret)
{
	struct source_tar *t = arg;
	ssize_t n;

	do {
		n = read(t->fd, t->buffer, READ_SIZE);
	} while (n < 0 && errno == EINTR && !stop_requested());
	if (n < 0)
		archive_set_error(a, errno, "%s", strerror(errno));
	*ret = t->buffer;
	return n < 0 ? ARCHIVE_FATAL : n;
}

static int open_archive(struct source_tar *t, const char *path)
{
	int r;

	t->archive = archive_read_new();
	t->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
	t->buffer = malloc(READ_SIZE);
	if (!t->archive || !t->locale || !t->source.name || !t->buffer)
		return failed(path, -ENOMEM);
	if (!strcmp(path, "-"))
		t->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	else
		t->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (t->fd < 0)
		return failed(path, -errno);
	/* A warning here means that an external program does the work. */
	if (archive_read_support_filter_all(t->archive) < ARCHIVE_WARN ||
	    archive_read_support_format_tar(t->archive) < ARCHIVE_WARN ||
	    archive_read_set_read_callback(t->archive, read_archive) ||
	    archive_read_set_callback_data(t->archive, t))
		return archive_failed(t);
	r = archive_read_open1(t->archive);
	return r == ARCHIVE_OK ? 0 : archive_failed(t);
}

int source_tar_open(const char *path, struct source **ret)
{
	_cleanup_free char *absolute = NULL;
	struct source_tar *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return failed(path, -ENOMEM);
	t->source.ops = &tar_ops;
	t->fd = -1;
	if (strcmp(path, "-"))
		absolute = realpath(path, NULL);
	if (asprintf(&t->source.name, "tar:%s", absolute ? absolute : path) < 0)
		t->source.name = NULL;
	r = open_archive(t, path);
	if (r) {
		source_close(&t->source);
		return r;
	}
	*ret = &t->source;
	return 0;
}
