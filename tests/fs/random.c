/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Applies one long random sequence of operations to two directories, the one
 * under test and a plain one that began as its copy, and compares every result
 * and, now and then, the trees.
 *
 *	random [OPTION...] TESTED PLAIN
 *	  --seed=N --ops=N	the sequence: the same for the same seed and
 *				the same trees
 *	  --treecmp=CMD		"CMD TESTED PLAIN" compares the trees, every
 *	  --check-every=N	this many operations and at the end
 *	  --remount=CMD		unmounts and mounts again, every
 *	  --remount-every=N	this many operations
 *	  --log=FILE		the sequence, in the language of script.h
 *	  --replay=FILE		runs this log instead
 *	  --no-whiteouts	leaves out what makes overlayfs's own marks:
 *				RENAME_WHITEOUT, device 0/0, its attributes
 *	  --alone		no PLAIN: only errors that no file system may
 *				answer count (several at once in one tree)
 *
 * Left out because they differ by design: lseek on directories (positions are
 * the file system's own), collapsing and inserting ranges (FUSE has no such
 * request: EOPNOTSUPP).
 */
#include <ftw.h>

#include "tests/fs/script_ops.h"
#include "tests/fs/random_gen.h"

#define LAST 24 /* lines shown on a mismatch */

static struct {
	const char *dir[2];
	int sides;
	uint64_t seed, ops, check_every, remount_every;
	const char *treecmp, *remount, *log, *replay;
} opt = {.ops = 2000, .check_every = 500, .seed = 1};

static struct script side[2];
static FILE *log_file;
static char last[LAST][SCRIPT_LINE + 4];
static unsigned long lines, op_number;

/* ---- running ---- */

static void fail(const char *why)
{
	printf("FAILED: %s\nseed %llu, operation %lu; the last lines:\n", why,
	       (unsigned long long)opt.seed, op_number);
	for (unsigned long i = lines > LAST ? lines - LAST : 0; i < lines; i++)
		printf("  %s\n", last[i % LAST]);
	if (opt.log)
		printf("all lines: %s\n", opt.log);
	fflush(NULL);
	exit(1);
}

static void note(const char *line)
{
	snprintf(last[lines++ % LAST], sizeof(last[0]), "%s", line);
	if (log_file) {
		fprintf(log_file, "%s\n", line);
		fflush(log_file);
	}
}

/* Several processes in one tree have nothing to compare with, but these mean
 * that the file system broke.  (Another inode number than readdir's does not:
 * the name may have been replaced in between.) */
static bool impossible(const char *out)
{
	return strstr(out, " EIO") || strstr(out, " ENOTCONN") ||
	       strstr(out, " ESTALE") || strstr(out, " ENOSYS");
}

static void run_line(const char *line)
{
	char why[2 * SCRIPT_LINE + 64];

	note(line);
	for (int i = 0; i < opt.sides; i++)
		script_run(&side[i], line);
	if (opt.sides == 1) {
		/* A name may go between readdir and lstat, and a descriptor's
		 * directory may be somebody else's whiteout: not EIO. */
		if (impossible(side[0].out))
			fail(side[0].out);
		return;
	}
	if (!strcmp(side[0].out, side[1].out))
		return;
	snprintf(why, sizeof(why), "%s\n  tested: %s\n  plain:  %s", line,
		 side[0].out, side[1].out);
	fail(why);
}

/* What the generator learns from an open. */
static void learn(const char *line)
{
	const char *at = strstr(line, "open ");
	unsigned n;

	if (!at || (at != line && at[-1] != ' '))
		return;
	n = atoi(at + 5);
	slot_open[n] = side[0].fd[n] >= 0;
	slot_dir[n] = !strncmp(side[0].out, "= 0 d", 5);
	slot_direct[n] = slot_open[n] && strstr(line, "O_DIRECT|") == NULL &&
			 strstr(line, "O_DIRECT") &&
			 !strstr(line, "O_DIRECTORY");
}

/* The attributes of what the operation named, which a cache may have kept too
 * long. */
static void look_again(const char *line)
{
	char copy[SCRIPT_LINE], look[SCRIPT_LINE], *save = NULL, *t, *form;
	size_t i;

	snprintf(copy, sizeof(copy), "%s", line);
	t = strtok_r(copy, " ", &save);
	if (t && !strcmp(t, "as")) {
		strtok_r(NULL, " ", &save);
		t = strtok_r(NULL, " ", &save);
	}
	if (!t || !strcmp(t, "lstat") || !strcmp(t, "close"))
		return;
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (!strncmp(forms[i].form, t, strlen(t)) &&
		    forms[i].form[strlen(t)] == ' ')
			break;
	if (i == sizeof(forms) / sizeof(forms[0]))
		return;
	for (form = strchr(forms[i].form, '%'); form;
	     form = strchr(form + 1, '%')) {
		t = strtok_r(NULL, " ", &save);
		if (!t)
			break;
		if (strchr("pdfn", form[1])) {
			snprintf(look, sizeof(look), "lstat %s", t);
			run_line(look);
		} else if (form[1] == 'o') {
			snprintf(look, sizeof(look), "fstat %s", t);
			run_line(look);
		}
	}
}

static int collect(const char *path, const struct stat *st, int type,
		   struct FTW *ftw)
{
	size_t root = strlen(opt.dir[opt.sides - 1]);

	if (ftw->level == 0 || npaths == MAX_PATHS ||
	    strlen(path + root + 1) >= PATH_ROOM)
		return 0;
	paths[npaths].dir = S_ISDIR(st->st_mode);
	strcpy(paths[npaths++].path, path + root + 1);
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The order of a directory is the file system's own: sorted, the sequence
 * depends on the seed alone. */
static void learn_paths(void)
{
	note("# walk");
	npaths = 0;
	nftw(opt.dir[opt.sides - 1], collect, 64, FTW_PHYS);
	qsort(paths, npaths, sizeof(paths[0]), by_path);
}

static void open_roots(void)
{
	for (int i = 0; i < opt.sides; i++) {
		int fd = open(opt.dir[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			fail(opt.dir[i]);
		script_init(&side[i], fd);
	}
}

static void remount(void)
{
	note("# remount");
	/* What a mapping wrote is safe from then on. */
	syncfs(side[0].root);
	for (int i = 0; i < opt.sides; i++) {
		script_release(&side[i]);
		close(side[i].root);
	}
	memset(slot_open, 0, sizeof(slot_open));
	memset(slot_direct, 0, sizeof(slot_direct));
	memset(slot_dir, 0, sizeof(slot_dir));
	fflush(NULL);
	if (system(opt.remount))
		fail("remount");
	open_roots();
}

static void check(void)
{
	char cmd[4096];

	if (!opt.treecmp)
		return;
	note("# check");
	snprintf(cmd, sizeof(cmd), "%s %s %s", opt.treecmp, opt.dir[0],
		 opt.dir[opt.sides - 1]);
	fflush(NULL);
	if (system(cmd))
		fail("the trees differ");
}

/*
 * Uses a position that is the file system's own business: that of a directory
 * (where read(2) says EINVAL instead of EISDIR if it is too large), or one that
 * may be unaligned though the descriptor is O_DIRECT.
 */
static bool odd_position(const char *line)
{
	static const char *const users[] = {"lseek ", "read ", "write ",
					    "sendfile ", "copyrange "};
	const char *at = NULL;
	unsigned a, b;

	for (int i = 0; i < 5 && !at; i++)
		at = strstr(line, users[i]);
	if (!at)
		return false;
	a = b = atoi(strchr(at, ' '));
	if (strstr(line, "sendfile"))
		b = atoi(strchr(strchr(at, ' ') + 1, ' '));
	else if (strstr(line, "copyrange"))
		sscanf(at, "copyrange %*s %*s %u", &b);
	if (at > line && at[-1] == 'p') /* pread, pwrite */
		return false;
	return slot_dir[a] || slot_dir[b] || slot_direct[a] || slot_direct[b];
}

/* ext4 moves the time of the source's directory even when it refuses to rename
 * a directory over one that is not empty, if it was to leave a whiteout. */
static bool odd_whiteout(const char *line)
{
	const char *at = strstr(line, "rename ");
	char from[PATH_ROOM + 600];
	struct stat st;

	return at && strstr(at, "RENAME_WHITEOUT") &&
	       !strstr(at, "RENAME_NOREPLACE") &&
	       sscanf(at, "rename %1000s", from) == 1 &&
	       !fstatat(side[opt.sides - 1].root, from, &st,
			AT_SYMLINK_NOFOLLOW) &&
	       S_ISDIR(st.st_mode);
}

static void run_random(void)
{
	char line[SCRIPT_LINE];

	state = opt.seed * 0x9e3779b97f4a7c15 + 88172645463325252ull;
	for (op_number = 1; op_number <= opt.ops; op_number++) {
		if (op_number % 100 == 1)
			learn_paths();
		generate(line, sizeof(line));
		if (odd_position(line) || odd_whiteout(line))
			continue;
		run_line(line);
		learn(line);
		look_again(line);
		if (opt.check_every && op_number % opt.check_every == 0)
			check();
		if (opt.remount_every && op_number % opt.remount_every == 0) {
			remount();
			check();
		}
	}
}

static void run_log(void)
{
	FILE *f = fopen(opt.replay, "re");
	char line[SCRIPT_LINE];

	if (!f)
		fail(opt.replay);
	for (; fgets(line, sizeof(line), f); op_number++) {
		line[strcspn(line, "\n")] = '\0';
		if (!strcmp(line, "# remount") && opt.remount)
			remount();
		else if (!strcmp(line, "# check"))
			check();
		else if (!strcmp(line, "# walk"))
			learn_paths();
		else if (*line && *line != '#')
			run_line(line);
	}
	fclose(f);
}

static bool take_option(const char *arg)
{
	static const struct {
		const char *name;
		uint64_t *number;
		const char **text;
	} table[] = {
		{"--seed=", &opt.seed, NULL},
		{"--ops=", &opt.ops, NULL},
		{"--check-every=", &opt.check_every, NULL},
		{"--remount-every=", &opt.remount_every, NULL},
		{"--treecmp=", NULL, &opt.treecmp},
		{"--remount=", NULL, &opt.remount},
		{"--log=", NULL, &opt.log},
		{"--replay=", NULL, &opt.replay},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		size_t n = strlen(table[i].name);

		if (strncmp(arg, table[i].name, n))
			continue;
		if (table[i].number)
			*table[i].number = num(arg + n);
		else
			*table[i].text = arg + n;
		return true;
	}
	if (!strcmp(arg, "--no-whiteouts"))
		gen_no_whiteouts = true;
	else if (!strcmp(arg, "--alone"))
		opt.sides = 1;
	else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	int i = 1;

	opt.sides = 2;
	for (; i < argc && !strncmp(argv[i], "--", 2); i++)
		if (!take_option(argv[i]))
			script_die("unknown option", argv[i]);
	if (argc - i != opt.sides) {
		fprintf(stderr, "usage: random [OPTION...] TESTED PLAIN\n");
		return 2;
	}
	opt.dir[0] = argv[i];
	opt.dir[1] = argv[i + opt.sides - 1];
	log_file = opt.log ? fopen(opt.log, "we") : NULL;
	open_roots();
	if (opt.replay) {
		run_log();
		check();
	} else {
		check();
		run_random();
		check();
	}
	return 0;
}
