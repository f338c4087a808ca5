/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets operations of a container crash and fail at each of their steps.
 *
 *	faults STENCILFS LOWER DIR GROUP [SCENE]
 *
 * STENCILFS is a build with fault points (fs/fault.h), LOWER the option
 * lowerdir, DIR a scratch directory, GROUP one of scenes.h.  An operation is
 * run once as it is, which gives the tree after it and the number of steps, and
 * then for each step and each way to fail on the private area of before:
 *
 *  - the daemon is killed before the step.  Mounted again in the same place,
 *    the tree must be that of before or after;
 *  - the step fails with ENOSPC or EIO.  The operation must then fail with
 *    that error and the tree be that of before, or succeed and the tree be
 *    that of after.
 *
 * Then the operation, if it was not done, must succeed.  The work directory
 * must be empty after each unmount, and the index hold no file without a name
 * after the mount that follows.
 * Exit status: 0 all right, 1 faults found (on stdout), 2 cannot tell.
 */
#include <stdarg.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "tests/crash/scenes.h"
#include "tests/crash/tree.h"

#define MAX_STEPS 200
#define MAX_FAULTS 20

static struct {
	const char *program;
	char *base, *now, *private, *work, *mnt, *log, *options;
	const struct scene *scene;
	char names[MAX_STEPS + 1][48];
	int nsteps;
	struct tree before, after; /* of the undisturbed run */
	char round[128];
	int faults;
} all;

__attribute__((format(printf, 1, 2))) static void fault(const char *fmt, ...)
{
	va_list ap;

	printf("%s: %s: ", all.scene->name, all.round);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	if (++all.faults == MAX_FAULTS) {
		printf("too many faults\n");
		umount2(all.mnt, MNT_DETACH);
		exit(1);
	}
}

__attribute__((format(printf, 1, 2))) static char *text(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		err(2, "memory");
	va_end(ap);
	return s;
}

static void run(const char *program, const char *a, const char *b,
		const char *c)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		err(2, "fork");
	if (!pid) {
		execlp(program, program, a, b, c, NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		errx(2, "%s %s %s: status %x", program, a, b, status);
}

/*
 * Mounting: the daemon is in the end a child of ours, PR_SET_CHILD_SUBREAPER
 * sees to it, and the only one.
 */

static void mount_with(const char *variable, const char *value)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		err(2, "fork");
	if (!pid) {
		if (variable)
			setenv(variable, value, 1);
		execl(all.program, all.program, "-o", all.options, all.mnt,
		      NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		errx(2, "%s: %s: mount gave status %x", all.scene->name,
		     all.round, status);
	if (chdir(all.mnt))
		err(2, "%s", all.mnt);
}

/* Waits for the daemon's end; was it killed? */
static bool daemon_ended(void)
{
	bool killed = false;
	int status;

	while (wait(&status) > 0)
		killed |= WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	return killed;
}

/* The daemon may also die in what goes on after the reply. */
static bool daemon_died(int tries)
{
	siginfo_t info = { 0 };

	while (!waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) &&
	       !info.si_pid && tries--)
		usleep(1000);
	return info.si_pid && daemon_ended();
}

static void check_work(bool mounted)
{
	_cleanup_free char *path = text("%s/work", all.work);
	struct dirent *d;
	DIR *dir = opendir(path);

	if (!dir)
		err(2, "%s", path);
	while ((d = readdir(dir))) {
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		/* The whiteout that all others are links to. */
		if (mounted && !strcmp(d->d_name, "whiteout"))
			continue;
		fault("left in the work directory: %s", d->d_name);
	}
	closedir(dir);
}

/* Relative to the private inode's own count a name must be left. */
static void check_indexed(const char *path)
{
	char value[32];
	struct stat st;
	ssize_t len;

	if (lstat(path, &st))
		err(2, "%s", path);
	len = lgetxattr(path, "trusted.overlay.nlink", value,
			sizeof(value) - 1);
	if (len < 0) {
		fault("a file in the index has no link count");
		return;
	}
	value[len] = '\0';
	if (value[0] == 'U' &&
	    (long)st.st_nlink + strtol(value + 1, NULL, 10) < 1)
		fault("the index holds a file without a name: %ju %s",
		      (uintmax_t)st.st_nlink, value);
}

static void check_index(void)
{
	_cleanup_free char *path = text("%s/index", all.work);
	struct dirent *d;
	DIR *dir = opendir(path);

	if (!dir)
		err(2, "%s", path);
	while ((d = readdir(dir))) {
		_cleanup_free char *file = text("%s/%s", path, d->d_name);

		if (d->d_name[0] != '.')
			check_indexed(file);
	}
	closedir(dir);
}

static void unmount(void)
{
	if (chdir("/") || umount2(all.mnt, 0))
		err(2, "umount %s", all.mnt);
	daemon_ended();
	check_work(false);
}

/* The kernel forgets what it knows; the daemon stays. */
static void forget(void)
{
	if (mount(NULL, all.mnt, NULL, MS_REMOUNT, NULL))
		err(2, "remount %s", all.mnt);
}

/*
 * Trees: the first one of a round says which inode numbers stand for which.
 */

static struct tree round_before, round_now;
static struct tree_inos inos;

static void read_before(void)
{
	char why[2048];

	tree_release(&round_before);
	tree_read(all.mnt, &round_before);
	inos.n = 0;
	if (!tree_same(&all.before, &round_before, &inos, why, sizeof(why)))
		errx(2, "%s: does not begin as before: %s", all.scene->name,
		     why);
}

static bool is_before(char *why, size_t size)
{
	return tree_same(&round_before, &round_now, NULL, why, size);
}

static bool is_after(char *why, size_t size)
{
	struct tree_inos map = inos;

	return tree_same(&all.after, &round_now, &map, why, size);
}

static void read_now(void)
{
	tree_release(&round_now);
	tree_read(all.mnt, &round_now);
	if (round_now.wrong[0])
		fault("%s", round_now.wrong);
}

static void must_be_after(const char *when)
{
	char why[2048];

	read_now();
	if (!is_after(why, sizeof(why)))
		fault("%s: not the tree after: %s", when, why);
}

/* Once more, and this time nothing hinders it. */
static void redo(void)
{
	int r = step_run(&all.scene->op);

	if (r)
		fault("done again: %s", strerror(-r));
	else
		must_be_after("done again");
}

static void restore(void)
{
	run("rm", "-rf", "--", all.now);
	run("cp", "-a", all.base, all.now);
}

static void setup(void)
{
	struct timespec pause = { 0, 20000000 };
	int r;

	snprintf(all.round, sizeof(all.round), "setup");
	/* The clock of inodes is coarse. */
	tree_now = (struct timespec){ .tv_sec = INT32_MAX };
	run("rm", "-rf", all.now, all.base);
	run("mkdir", "-p", all.private, all.work);
	mount_with(NULL, NULL);
	for (const struct step *s = all.scene->before; s->what; s++) {
		r = step_run(s);
		if (r)
			errx(2, "%s: setup, %s: %s", all.scene->name, s->path,
			     strerror(-r));
	}
	unmount();
	nanosleep(&pause, NULL);
	run("cp", "-a", all.now, all.base);
	clock_gettime(CLOCK_REALTIME, &tree_now);
	nanosleep(&pause, NULL);
}

static void read_steps(void)
{
	FILE *f = fopen(all.log, "r");

	all.nsteps = 0;
	while (f && all.nsteps < MAX_STEPS &&
	       fscanf(f, "%*d %47[^\n]", all.names[all.nsteps + 1]) == 1)
		all.nsteps++;
	if (f)
		fclose(f);
	if (all.nsteps == MAX_STEPS)
		errx(2, "%s: more than %d steps", all.scene->name, MAX_STEPS);
}

static void undisturbed(void)
{
	char why[2048];
	int r;

	snprintf(all.round, sizeof(all.round), "undisturbed");
	unlink(all.log);
	tree_release(&all.before);
	tree_release(&all.after);
	restore();
	mount_with("STENCIL_FAULT_LOG", all.log);
	tree_read(all.mnt, &all.before);
	if (all.before.wrong[0])
		fault("before: %s", all.before.wrong);
	r = step_run(&all.scene->op);
	if (r)
		errx(2, "%s: %s", all.scene->name, strerror(-r));
	tree_read(all.mnt, &all.after);
	if (all.after.wrong[0])
		fault("after: %s", all.after.wrong);
	unmount();
	check_index();
	read_steps();
	mount_with(NULL, NULL);
	read_now();
	if (!tree_same(&all.after, &round_now, NULL, why, sizeof(why)))
		fault("after a remount: %s", why);
	unmount();
}

static void crash_at(int step)
{
	char number[16], why[2048], why_not[2048];
	bool old;

	snprintf(all.round, sizeof(all.round), "crash before step %d (%s)",
		 step, step <= all.nsteps ? all.names[step] : "none");
	snprintf(number, sizeof(number), "%d", step);
	restore();
	mount_with("STENCIL_CRASH_AT", number);
	read_before();
	(void)step_run(&all.scene->op);
	if (!daemon_died(step > all.nsteps ? 0 : 2000)) {
		if (step <= all.nsteps)
			fault("not reached");
		unmount();
		return;
	}
	mount_with(NULL, NULL);
	check_work(true);
	check_index();
	read_now();
	old = is_before(why, sizeof(why));
	if (!old && !is_after(why_not, sizeof(why_not)))
		fault("neither the tree before: %s\n    nor after: %s", why,
		      why_not);
	else if (old)
		redo();
	unmount();
}

/* ENOSPC: goes on in the same mount; EIO: in a new one. */
static void fail_at(int step, int error)
{
	char value[32], why[2048];
	int r;

	snprintf(value, sizeof(value), "%d:%s", step, strerrorname_np(error));
	snprintf(all.round, sizeof(all.round), "%s at step %d (%s)",
		 strerrorname_np(error), step, all.names[step]);
	restore();
	mount_with("STENCIL_FAIL_AT", value);
	read_before();
	r = step_run(&all.scene->op);
	if (r && r != -error)
		fault("fails with %s", strerror(-r));
	if (r && error == EIO) {
		unmount();
		mount_with(NULL, NULL);
		check_index();
	} else {
		forget();
	}
	if (r) {
		read_now();
		if (!is_before(why, sizeof(why)))
			fault("failed, and is not as before: %s", why);
		redo();
		forget();
	}
	must_be_after("with nothing in the kernel's caches");
	unmount();
	if (error != EIO) {
		mount_with(NULL, NULL);
		check_index();
		must_be_after("after a remount");
		unmount();
	}
}

static void play(const struct scene *s)
{
	all.scene = s;
	setup();
	undisturbed();
	for (int i = 1; i <= all.nsteps + 1; i++)
		crash_at(i);
	for (int i = 1; i <= all.nsteps; i++) {
		fail_at(i, ENOSPC);
		fail_at(i, EIO);
	}
	printf("%s: %d steps\n", s->name, all.nsteps);
	fflush(stdout);
}

static const struct scene *find_group(const char *name)
{
	static const struct {
		const char *name;
		const struct scene *scenes;
	} groups[] = {
		{ "break", break_scenes },
		{ "link", link_scenes },
		{ "name", name_scenes },
		{ "rename", rename_scenes },
	};

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (!strcmp(groups[i].name, name))
			return groups[i].scenes;
	errx(2, "no group %s", name);
}

int main(int argc, char **argv)
{
	const struct scene *s;

	if (argc < 5)
		errx(2, "usage: faults STENCILFS LOWER DIR GROUP [SCENE]");
	umask(022);
	all.program = argv[1];
	all.base = text("%s/base", argv[3]);
	all.now = text("%s/now", argv[3]);
	all.private = text("%s/private", all.now);
	all.work = text("%s/work", all.now);
	all.mnt = text("%s/mnt", argv[3]);
	all.log = text("%s/log", argv[3]);
	all.options = text("lowerdir=%s,upperdir=%s,workdir=%s", argv[2],
			   all.private, all.work);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1))
		err(2, "prctl");
	if (mkdir(all.mnt, 0755) && errno != EEXIST)
		err(2, "%s", all.mnt);
	for (s = find_group(argv[4]); s->name; s++)
		if (argc == 5 || !strcmp(argv[5], s->name))
			play(s);
	if (all.faults)
		printf("%d faults\n", all.faults);
	return all.faults ? 1 : 0;
}
