// SPDX-License-Identifier: Apache-2.0
#include "fs/mount.h"

#include <errno.h>
#include <fuse_lowlevel.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/store.h"
#include "fs/control.h"
#include "fs/daemonize.h"
#include "fs/fs.h"
#include "fs/mountpoint.h"
#include "fs/options.h"
#include "fs/signals.h"
#include "fs/mount_source.h"
#include "fs/transport.h"

#define FSNAME_MAX 255

/* Everything that a mount holds, in the order in which it comes to be; undone
 * in reverse by serve(). */
struct mount {
	const struct options *o;
	struct daemonize *daemon; /* NULL in the foreground */
	char *mountpoint;	  /* no symlinks in it */
	struct mount_source source;
	struct fs *fs;
	struct fuse_session *se;
	uint64_t id; /* of the mount */
	struct transport *transport;
	struct control *control;
	struct signals *signals;
};

/* What libfuse said last before the mount was there: the reason if it fails. */
static struct {
	bool serving; /* set before there are threads */
	char last[1024];
} fuse_said;

static void log_fuse(enum fuse_log_level level, const char *fmt, va_list ap)
{
	char line[1024], *text = line;

	vsnprintf(line, sizeof(line), fmt, ap);
	line[strcspn(line, "\n")] = '\0';
	if (!strncmp(text, "fuse: ", 6))
		text += 6;
	if (!fuse_said.serving)
		snprintf(fuse_said.last, sizeof(fuse_said.last), "%s", text);
	else if (level <= FUSE_LOG_ERR)
		log_error(0, "fuse: %s", text);
	else if (level <= FUSE_LOG_NOTICE)
		log_warning(0, "fuse: %s", text);
	else
		log_info("fuse: %s", text);
}

/* As many descriptors as the system allows: known files may hold one each. */
static void raise_nofile(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) < 0 || rl.rlim_cur == rl.rlim_max)
		return;
	rl.rlim_cur = rl.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &rl) < 0)
		log_warning(-errno, "raising the limit of open files");
}

static const char *choose_fsname(const struct options *o)
{
	if (o->fsname)
		return o->fsname;
	if (o->source && strcmp(o->source, "none"))
		return o->source;
	if (o->container)
		return o->container;
	return o->template ?: "stencilfs";
}

/* libfuse splits its -o at commas that no backslash precedes. */
static int add_escaped(struct bytes *b, const char *s, size_t max)
{
	int r = 0;

	for (size_t i = 0; r == 0 && s[i] && i < max; i++) {
		if (s[i] == ',' || s[i] == '\\')
			r = bytes_adds(b, "\\");
		if (r == 0)
			r = bytes_add(b, &s[i], 1);
	}
	return r;
}

/*
 * The options of fuse_session_new().  Root mounts are for containers: device
 * nodes, set-id programs and other users work in them unless refused, and
 * mount(8) strips `dev` before it calls us.  Others get what fusermount3
 * grants.
 */
static int session_options(const struct mount *m, struct bytes *opts)
{
	const struct options *o = m->o;
	bool root = geteuid() == 0;
	int r = bytes_adds(opts, "fsname=");

	if (r == 0)
		r = add_escaped(opts, choose_fsname(o), FSNAME_MAX);
	if (r == 0)
		r = bytes_adds(opts, ",subtype=" MOUNTPOINT_SUBTYPE
				     ",default_permissions");
	if (r == 0 && (root || o->allow_other))
		r = bytes_adds(opts, ",allow_other");
	if (r == 0 && root)
		r = bytes_adds(opts, ",dev,suid");
	if (r == 0 && (o->readonly || !m->source.upper))
		r = bytes_adds(opts, ",ro");
	if (r == 0 && o->kernel_opts.len)
		r = bytes_addf(opts, ",%s", o->kernel_opts.data);
	if (r == 0 && o->debug)
		r = bytes_adds(opts, ",debug");
	return r;
}

static int session_open(struct mount *m)
{
	_cleanup_bytes struct bytes opts = BYTES_INIT;
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	int r = session_options(m, &opts);

	if (r < 0 || fuse_opt_add_arg(&args, "stencilfs") < 0 ||
	    fuse_opt_add_arg(&args, "-o") < 0 ||
	    fuse_opt_add_arg(&args, opts.data) < 0) {
		fuse_opt_free_args(&args);
		log_error(-ENOMEM, "starting the session");
		return -ENOMEM;
	}
	m->se = fuse_session_new(&args, &fs_ops, sizeof(fs_ops), m->fs);
	fuse_opt_free_args(&args);
	if (!m->se) {
		log_error(0, "starting the session: %s", fuse_said.last);
		return -EINVAL;
	}
	if (fuse_session_mount(m->se, m->mountpoint) < 0) {
		log_error(0, "mounting on %s: %s", m->mountpoint,
			  fuse_said.last);
		return -EIO;
	}
	r = mountpoint_id(m->mountpoint, &m->id);
	if (r < 0) {
		log_error(r, "mounting on %s", m->mountpoint);
		return r;
	}
	fs_attach(m->fs, m->se);
	r = transport_open(&m->transport, m->se, m->o->transport);
	if (r == 0)
		fs_set_transport(m->fs, m->transport);
	return r;
}

static int layers_and_fs(struct mount *m)
{
	struct fs_config cfg = { 0 };
	const char *what = NULL;
	int r;

	r = mount_source_open(&m->source);
	if (r < 0)
		return r;
	r = mount_source_check(&m->source, m->mountpoint);
	if (r < 0)
		return r;
	umask(0);
	cfg.lowers = (const char *const *)m->source.lowers;
	cfg.nlowers = m->source.nlowers;
	cfg.upper = m->source.upper;
	cfg.work = m->source.work;
	cfg.templates = m->source.templates;
	cfg.is_volatile = m->o->is_volatile;
	cfg.passthrough = m->o->passthrough != OPT_OFF;
	cfg.coherent = m->o->coherent;
	cfg.shared = m->o->shared;
	r = fs_open(&cfg, &m->fs, &what);
	if (r < 0)
		log_error(r, "%s", what ?: m->mountpoint);
	return r;
}

/* For stencilctl: who serves the container, and where to ask. */
static int announce(struct mount *m)
{
	struct container_mount record = {
		.pid = getpid(),
		.mountpoint = m->mountpoint,
		.since = time(NULL),
	};
	_cleanup_fd int dirfd = -1;
	int r;

	if (!m->source.container)
		return 0;
	r = container_set_mount(m->source.storefd, m->source.container,
				&record);
	if (r == 0)
		r = dirfd = container_open(m->source.storefd,
					   m->source.container);
	if (r >= 0)
		r = control_start(&m->control, dirfd, m->fs);
	if (r < 0)
		log_error(r, "container %s", m->source.container);
	return r;
}

/* Words that do nothing here are named where nobody compares output. */
static void log_unserved(const struct mount *m)
{
	const struct options *o = m->o;

	if (!o->foreground || o->debug) {
		if (o->unknown.len)
			log_warning(0, "options not served: %s",
				    o->unknown.data);
		if (o->transport == TRANSPORT_AUTO &&
		    *transport_reason(m->transport))
			log_info("classic transport: %s",
				 transport_reason(m->transport));
		if (o->cache && strcmp(o->cache, "none"))
			log_warning(0, "cache=%s is not served", o->cache);
	}
}

/*
 * libfuse unmounts by path, unless the kernel has ended the connection.  So it
 * may do that only while the path shows our mount: ours may be detached
 * already and still be in use (umount -l), and then another one would go.
 */
static bool may_unmount(const struct mount *m)
{
	struct pollfd connection = { .fd = fuse_session_fd(m->se) };
	uint64_t id;

	if (poll(&connection, 1, 0) == 1 && connection.revents & POLLERR)
		return true;
	return mountpoint_id(m->mountpoint, &id) == 0 && id == m->id;
}

static void session_close(struct mount *m)
{
	if (!m->se)
		return;
	/* Before the session's descriptor is closed: its number may become that
	 * of a file, and handlers write notifications to it. */
	transport_stop(m->transport);
	if (may_unmount(m))
		fuse_session_unmount(m->se);
	/* Only once the connection is dead: the thread may be syncing. */
	signals_stop(m->signals);
	fs_attach(m->fs, NULL);
	fuse_session_destroy(m->se);
}

static int start(struct mount *m)
{
	int r;

	r = layers_and_fs(m);
	if (r < 0)
		return r;
	r = session_open(m);
	if (r < 0)
		return r;
	r = announce(m);
	if (r < 0)
		return r;
	r = signals_start(&m->signals, m->se, m->mountpoint, m->id);
	if (r < 0) {
		log_error(r, "starting a thread");
		return r;
	}
	if (m->daemon) {
		r = daemonize_report(m->daemon, m->id);
		if (r < 0) {
			log_error(r, "reporting to the caller");
			return r;
		}
	}
	fuse_said.serving = true;
	log_unserved(m);
	return 0;
}

/* The life of a mount.  The container's lock goes last: who waits for it finds
 * all on disk and no trace of the daemon. */
static int serve(struct mount *m)
{
	int r, r2;

	raise_nofile();
	r = signals_block(m->o->foreground);
	if (r == 0 && chdir("/") < 0)
		r = -errno;
	if (r < 0) {
		log_error(r, "starting");
		return r;
	}
	fuse_set_log_func(log_fuse);
	r = start(m);
	if (r == 0)
		r = transport_loop(m->transport);
	session_close(m);
	control_stop(m->control);
	transport_free(m->transport);
	if (m->fs) {
		r2 = fs_close(m->fs);
		if (r2 < 0)
			log_error(r2, "writing %s to disk", m->mountpoint);
		r = r < 0 ? r : r2;
	}
	if (m->source.lockfd >= 0) {
		r2 = container_set_mount(m->source.storefd,
					 m->source.container, NULL);
		if (r2 < 0)
			log_error(r2, "container %s", m->source.container);
		r = r < 0 ? r : r2;
	}
	return r;
}

static int in_background(struct mount *m)
{
	struct daemonize d = { 0 };
	int r = daemonize_fork(&d);

	if (r < 0)
		return r;
	if (d.child) {
		m->daemon = &d;
		return serve(m);
	}
	if (d.status)
		return -EIO; /* the child has said why */
	return mountpoint_answers(m->mountpoint, d.mount_id);
}

int mount_run(const struct options *o)
{
	struct mount m = { .o = o, .source = { .storefd = -1, .lockfd = -1 } };
	int r;

	r = mountpoint_prepare(o->mountpoint, &m.mountpoint);
	if (r == 0)
		r = mount_source_resolve(o, &m.source);
	if (r == 0)
		r = o->foreground ? serve(&m) : in_background(&m);
	mount_source_release(&m.source);
	free(m.mountpoint);
	return r < 0 ? 1 : 0;
}
