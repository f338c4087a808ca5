// SPDX-License-Identifier: Apache-2.0
/*
 * verify: a version, or the pool and all versions.  The pool comes first, so
 * that what 50 templates share is read once, in the order of the disk.
 *
 * A version that is removed meanwhile looks like damage; so its findings are
 * told only when it is still there in the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "mkimage/catalog.h"
#include "mkimage/check.h"
#include "mkimage/cmd.h"
#include "mkimage/progress.h"
#include "mkimage/stop.h"

struct verify {
	const struct cmd_context *context;
	int storefd;
	struct check check;
	struct progress progress;
	json_t *array; /* of --json */
	size_t damage;
	size_t versions;
};

static int print(struct verify *v, const char *template)
{
	size_t n = v->check.findings.n;

	v->damage += n;
	if (n)
		progress_hide(&v->progress);
	return findings_print(&v->check.findings, template, v->array);
}

static void check_info(struct verify *v, const struct template_info *t,
		       const struct check_totals *totals)
{
	if (!t->error && (t->entries != totals->entries ||
			  t->files != totals->files ||
			  t->bytes != totals->bytes))
		findings_add(&v->check.findings, "info.json", 0,
			     "its totals are not the manifest's");
}

/* The version's directory as it was opened still has its name. */
static bool is_there(int storefd, const char *path, int fd)
{
	struct stat ours, now;

	return !fstat(fd, &ours) &&
	       !fstatat(storefd, path, &now, AT_SYMLINK_NOFOLLOW) &&
	       ours.st_ino == now.st_ino;
}

/* People are shown what is enough to type. */
static int version_digits(const struct verify *v)
{
	return v->array ? STORE_VERSION_HEX : CMD_SHORT_VERSION;
}

static int verify_version(struct verify *v, const struct template_info *t)
{
	_cleanup_free char *path = template_path(t->name, t->version);
	_cleanup_free char *label = NULL;
	struct check_totals totals;
	_cleanup_fd int fd = -1;
	int r;

	if (!path || asprintf(&label, "%s@%.*s", t->name, version_digits(v),
			      t->version) < 0) {
		label = NULL;
		return -ENOMEM;
	}
	fd = openat(v->storefd, path,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0; /* removed since the list was made */
	if (fd < 0) {
		findings_add(&v->check.findings, ".", -errno, "cannot be read");
		return print(v, label);
	}
	if (t->error)
		findings_add(&v->check.findings, "info.json", t->error,
			     "cannot be read");
	r = check_tree(&v->check, fd, t->version, &totals);
	if (r > 0)
		check_info(v, t, &totals);
	if (r < 0)
		return r;
	v->versions++;
	if (!is_there(v->storefd, path, fd))
		findings_clear(&v->check.findings);
	return print(v, label);
}

static bool is_wanted(const struct template_info *t, const char *version)
{
	return !version || !strcmp(t->version, version);
}

/* NAME@VERSION, or everything when there is none. */
static int verify(struct verify *v, const struct template_ref *ref)
{
	struct catalog list;
	int r = catalog_list(v->storefd, ref ? ref->name : NULL, &list);

	if (r)
		return r;
	if (!ref) {
		r = check_pool(&v->check, v->storefd);
		if (!r)
			r = print(v, NULL);
	}
	for (size_t i = 0; i < list.n && !r; i++)
		if (is_wanted(&list.at[i], ref ? ref->version : NULL))
			r = verify_version(v, &list.at[i]);
	catalog_release(&list);
	return r;
}

/* What was found is told also when the rest could not be looked at. */
static int finish(struct verify *v, int r)
{
	char size[16];
	int status;

	progress_size(v->progress.bytes, size);
	progress_release(&v->progress);
	if (r == -EINTR)
		log_error(0, "interrupted: not all was verified");
	else if (r)
		log_error(r, "%s: not all was verified", v->context->store);
	if (!r && !v->array && !v->context->quiet)
		printf("%zu version%s, %" PRIu64 " files read (%s), "
		       "%zu found to be damaged\n", v->versions,
		       v->versions == 1 ? "" : "s", v->check.files, size,
		       v->damage);
	status = v->array ? cmd_print_json(v->array) : cmd_flush();
	if (status != CMD_OK)
		return status;
	return r || v->damage ? CMD_FAILED : CMD_OK;
}

static int run(const struct cmd_context *c, int storefd,
	       const struct template_ref *ref)
{
	struct verify v = { .context = c, .storefd = storefd };
	int r;

	v.check.findings = (struct findings)FINDINGS_INIT;
	v.check.progress = &v.progress;
	if (c->json) {
		v.array = json_array();
		if (!v.array) {
			log_error(-ENOMEM, "%s", c->store);
			return CMD_FAILED;
		}
	}
	stop_install();
	progress_init(&v.progress, c->quiet);
	r = finish(&v, verify(&v, ref));
	check_release(&v.check);
	return r;
}

/* Without it the kernel hides attributes trusted.*, and all would look damaged. */
static bool sees_trusted(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	return !syscall(SYS_capget, &header, data) &&
	       data[0].effective & 1U << CAP_SYS_ADMIN;
}

int cmd_verify(const struct cmd_context *c, int argc, char **argv)
{
	_cleanup_fd int storefd = -1;
	struct template_stack ref = { NULL, 0 };
	int r = argc ? catalog_parse(argv[0], &ref) : 0;

	if (r)
		return cmd_bad_reference(argv[0], r);
	if (!sees_trusted())
		log_error(-EPERM, "reading attributes trusted.*");
	else
		storefd = cmd_open_store(c, false);
	if (storefd >= 0 && argc)
		r = template_stack_resolve(storefd, &ref, NULL);
	if (storefd < 0)
		r = CMD_FAILED;
	else if (r)
		r = cmd_bad_reference(argv[0], r);
	else
		r = run(c, storefd, argc ? &ref.refs[0] : NULL);
	template_stack_release(&ref);
	return r;
}
