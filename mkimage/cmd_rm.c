// SPDX-License-Identifier: Apache-2.0
/*
 * Removing a version: refused while a container stands on it, or a mount or a
 * process uses its tree.  The question
 * and the rename that takes it out of sight happen under the locks of
 * templates/ and of containers/, which container_create() holds while it looks
 * for the template and writes its record; the deleting, which takes time, after
 * them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "mkimage/catalog.h"
#include "mkimage/cmd.h"
#include "mkimage/progress.h"
#include "mkimage/stage.h"
#include "mkimage/users.h"

struct removal {
	const struct cmd_context *context;
	int storefd;
	const char *name;
	const char *version; /* NULL: all */
	struct catalog list; /* of the name */
	struct stage **taken;
	size_t ntaken;
};

static bool is_wanted(const struct removal *m, const struct template_info *t)
{
	return !m->version || !strcmp(m->version, t->version);
}

/* -EBUSY if there is any, and they are told. */
static int refuse(const struct template_info *t, char **users)
{
	_cleanup_bytes struct bytes names = BYTES_INIT;
	int r = 0;

	if (!*users)
		return 0;
	for (char **u = users; *u && !r; u++)
		r = bytes_addf(&names, "%s%s", u == users ? "" : ", ", *u);
	if (!r)
		log_error(0, "%s@%s: in use by %s", t->name, t->version,
			  names.data);
	else
		log_error(r, "%s@%s: in use", t->name, t->version);
	return -EBUSY;
}

/* -EBUSY, and who uses it is told. */
static int check_unused(const struct removal *m, const struct template_info *t)
{
	char **users;
	int r = catalog_users(m->storefd, t->name, t->version, &users);

	if (r) {
		log_error(r, "the containers of %s", m->context->store);
		return r;
	}
	r = refuse(t, users);
	store_strv_free(users);
	if (r)
		return r;
	r = users_find(m->storefd, t->name, t->version, &users);
	if (r) {
		log_error(r, "the mounts of %s@%s", t->name, t->version);
		return r;
	}
	r = refuse(t, users);
	store_strv_free(users);
	return r;
}

/* The newest version that stays, or NULL; *ret_goes: the current one does not.
 * The list has the newest first. */
static const struct template_info *find_staying(const struct removal *m,
						bool *ret_goes)
{
	const struct template_info *stays = NULL;

	*ret_goes = true;
	for (size_t i = 0; i < m->list.n; i++) {
		const struct template_info *t = &m->list.at[i];

		if (is_wanted(m, t))
			continue;
		if (t->current)
			*ret_goes = false;
		if (!stays)
			stays = t;
	}
	return stays;
}

static int take_versions(struct removal *m)
{
	int r = 0;

	m->taken = calloc(m->list.n + 1, sizeof(*m->taken));
	if (!m->taken) {
		log_error(-ENOMEM, "%s", m->name);
		return -ENOMEM;
	}
	for (size_t i = 0; i < m->list.n && !r; i++) {
		const struct template_info *t = &m->list.at[i];

		if (!is_wanted(m, t))
			continue;
		r = stage_take(m->storefd, t->name, t->version,
			       &m->taken[m->ntaken]);
		if (!r)
			m->ntaken++;
	}
	return r;
}

/* First `current`, which must never lead to what is gone; then the versions;
 * then, if none is left, the name. */
static int take(struct removal *m, int lockfd)
{
	_cleanup_fd int namefd = catalog_open_name(m->storefd, m->name, false);
	const struct template_info *stays;
	bool current_goes;
	int r = namefd < 0 ? namefd : 0;

	stays = find_staying(m, &current_goes);
	if (!r && current_goes)
		r = catalog_set_current(namefd, stays ? stays->version : NULL);
	if (r) {
		log_error(r, "%s", m->name);
		return r;
	}
	r = take_versions(m);
	if (r)
		return r;
	if (!stays)
		r = catalog_remove_name(m->storefd, m->name);
	if (!r && (fsync(namefd) || fsync(lockfd)))
		r = -errno;
	if (r)
		log_error(r, "%s", m->name);
	return r;
}

/* A descriptor that holds the lock. */
static int lock_containers(const struct removal *m)
{
	_cleanup_fd int fd = openat(m->storefd, "containers",
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	r = fd < 0 ? -errno : 0;
	while (!r && flock(fd, LOCK_EX))
		if (errno != EINTR)
			r = -errno;
	if (!r)
		return take_fd(&fd);
	log_error(r, "%s/containers", m->context->store);
	return r;
}

/* What happens under the locks. */
static int decide(struct removal *m)
{
	_cleanup_fd int lockfd = stage_lock(m->storefd);
	_cleanup_fd int containersfd = -1;
	bool found = false;
	int r;

	if (lockfd < 0)
		return lockfd;
	containersfd = lock_containers(m);
	if (containersfd < 0)
		return containersfd;
	r = catalog_list(m->storefd, m->name, &m->list);
	if (r) {
		log_error(r, "%s", m->name);
		return r;
	}
	for (size_t i = 0; i < m->list.n && !r; i++) {
		if (!is_wanted(m, &m->list.at[i]))
			continue;
		found = true;
		r = check_unused(m, &m->list.at[i]);
	}
	if (!r && !found) {
		log_error(0, "%s: no such template", m->name);
		r = -ENOENT;
	}
	return r ? r : take(m, lockfd);
}

static int print(const struct removal *m)
{
	json_t *removed, *all;
	char size[16];

	progress_size(stage_freed(), size);
	if (!m->context->json) {
		if (!m->context->quiet)
			printf("%zu version%s removed, %s freed\n", m->ntaken,
			       m->ntaken == 1 ? "" : "s", size);
		return cmd_flush();
	}
	removed = json_array();
	for (size_t i = 0; removed && i < m->list.n; i++) {
		const struct template_info *t = &m->list.at[i];

		if (!is_wanted(m, t))
			continue;
		if (json_array_append_new(removed,
					  json_sprintf("%s@%s", t->name,
						       t->version))) {
			json_decref(removed);
			removed = NULL;
		}
	}
	all = removed ? json_pack("{s:o, s:I}", "removed", removed, "freed",
				  (json_int_t)stage_freed())
		      : NULL;
	return cmd_print_json(all);
}

static int rm(struct removal *m)
{
	int r = decide(m);

	/* Of what was taken before an error, too. */
	for (size_t i = 0; i < m->ntaken; i++) {
		int failed = stage_free(m->taken[i]);

		r = r ? r : failed;
	}
	r = r ? CMD_FAILED : print(m);
	free(m->taken);
	catalog_release(&m->list);
	return r;
}

/* With a version, which may be a prefix; without, no current one need exist. */
static int resolve(const char *text, int storefd, struct template_stack *ref)
{
	int r = 0;

	if (ref->refs[0].version)
		r = template_stack_resolve(storefd, ref, NULL);
	return r ? cmd_bad_reference(text, r) : CMD_OK;
}

int cmd_rm(const struct cmd_context *c, int argc, char **argv)
{
	struct removal m = { .context = c, .storefd = -1 };
	struct template_stack ref;
	int r = catalog_parse(argv[0], &ref);

	if (r)
		return cmd_bad_reference(argv[0], r);
	m.storefd = cmd_open_store_to_write(c, false);
	r = m.storefd < 0 ? CMD_FAILED : resolve(argv[0], m.storefd, &ref);
	if (r == CMD_OK) {
		m.name = ref.refs[0].name;
		m.version = ref.refs[0].version;
		r = rm(&m);
	}
	template_stack_release(&ref);
	if (m.storefd >= 0)
		close(m.storefd);
	return r;
}
