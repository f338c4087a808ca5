// SPDX-License-Identifier: Apache-2.0
/*
 * Any list of items put into a tree on disk: nothing outside is touched, a
 * refusal is told in one line, and what is accepted lies on disk as the
 * manifest says, and nothing else does.
 *
 * An item is four bytes: what it is, its path, its target or content, and the
 * rest.  Names are few and paths short, so that they meet.
 */
#include <fcntl.h>
#include <ftw.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fileio.h"
#include "base/manifest.h"
#include "mkimage/emit.h"
#include "mkimage/pool.h"
#include "mkimage/progress.h"
#include "mkimage/source.h"
#include "tests/fuzz/fuzz_log.h"

#define ITEM 4
#define ITEMS_MAX 200

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fake {
	struct source source;
	const uint8_t *at, *end;
	uint32_t layer;
	char content[8];
	bool given;
};

static struct fuzz_log messages;
static char top[] = "/dev/shm/stencil-fuzz-emit.XXXXXX";
static char outside[64];
static int topfd;
static struct stat victim, around;

static void remove_top(void)
{
	(void)fileio_remove_tree(AT_FDCWD, top); /* there is nobody to tell */
}

static void stat_outside(struct stat *ret_victim, struct stat *ret_around)
{
	require(!fstatat(topfd, "outside/victim", ret_victim, 0));
	require(!fstatat(topfd, "outside", ret_around, 0));
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	fuzz_log_init(&messages);
	require(mkdtemp(top) != NULL);
	atexit(remove_top);
	umask(0);
	topfd = open(top, O_RDONLY | O_DIRECTORY);
	require(topfd >= 0 && !mkdirat(topfd, "outside", 0700));
	snprintf(outside, sizeof(outside), "%s/outside", top);
	require(!fileio_write_file(topfd, "outside/victim", "x", 1, 0600));
	stat_outside(&victim, &around);
	return 0;
}

static void check_outside(void)
{
	struct stat v, a;

	stat_outside(&v, &a);
	require(v.st_nlink == 1 && v.st_mode == victim.st_mode);
	require(v.st_uid == victim.st_uid && v.st_size == victim.st_size);
	require(!memcmp(&v.st_ctim, &victim.st_ctim, sizeof(v.st_ctim)));
	require(!memcmp(&a.st_ctim, &around.st_ctim, sizeof(a.st_ctim)));
}

/* Up to three names of four. */
static char *make_path(uint8_t b)
{
	char path[8] = "/", *p = path;

	for (int i = 0; i < (b & 3); i++) {
		*p++ = '/';
		*p++ = (char)('a' + (b >> (2 + 2 * i) & 3));
	}
	return strdup(path);
}

static char *make_target(uint8_t b)
{
	const char *const targets[] = { "/", "..", "../../../outside", outside,
					"a", "/proc/self/root", ".", "b/c" };

	return strdup(targets[b % 8]);
}

static void fill(struct fake *f, const uint8_t *b, struct manifest_entry *e)
{
	static const mode_t types[] = { S_IFDIR, S_IFREG, S_IFLNK, 0,
					S_IFIFO, S_IFCHR, S_IFREG, S_IFDIR };

	e->mode = types[b[0] & 7] | (b[3] & 1 ? 04711 : 0755);
	e->mtime_sec = b[3] >> 4;
	if (!types[b[0] & 7]) {
		e->hardlink = true;
		e->mode = 0;
		e->target = make_path(b[2]);
	} else if (S_ISLNK(e->mode)) {
		e->mode = S_IFLNK | 0777;
		e->target = make_target(b[2]);
		e->size = strlen(e->target);
	} else if (S_ISREG(e->mode)) {
		snprintf(f->content, sizeof(f->content), "%u", b[2] & 3);
		/* It may have less than it promises: a hole. */
		e->size = b[3] & 2 ? 5000 : 1;
	} else if (S_ISCHR(e->mode)) {
		e->rdev = makedev(1, b[2] & 7);
	}
	if (b[3] & 4 && !e->hardlink && !S_ISLNK(e->mode))
		require(!source_add_xattr(&f->source, e, "trusted.x", b + 2,
					  1));
}

static int fake_next(struct source *s, struct source_item *ret)
{
	struct fake *f = (struct fake *)s;
	struct source_item item = { 0 };
	const uint8_t *b = f->at;

	if (f->end - f->at < ITEM)
		return 0;
	f->at += ITEM;
	f->given = false;
	f->layer += b[0] >> 7;
	item.layer = f->layer;
	item.entry.path = make_path(b[1]);
	require(item.entry.path != NULL);
	if ((b[0] & 0x78) == 0x08)
		item.kind = SOURCE_WHITEOUT;
	else if ((b[0] & 0x78) == 0x10)
		item.kind = SOURCE_OPAQUE;
	else
		fill(f, b, &item.entry);
	*ret = item;
	return 1;
}

static int fake_data(struct source *s, struct source_block *ret)
{
	struct fake *f = (struct fake *)s;

	if (f->given)
		return 0;
	f->given = true;
	*ret = (struct source_block){ f->content, 1, 0 };
	return 1;
}

static const struct source_ops fake_ops = { .next = fake_next,
					    .data = fake_data };

static int read_items(struct emit *e, struct fake *f)
{
	struct source_item item;
	int r;

	while ((r = source_next(&f->source, &item)) > 0) {
		r = emit_item(e, &f->source, &item);
		source_item_release(&item);
		if (r)
			return r;
	}
	return r;
}

static unsigned int on_disk;

static int count(const char *path, const struct stat *st, int flag,
		 struct FTW *ftw)
{
	on_disk++;
	return 0;
}

/* Without a link on the way, whatever it leads to. */
static void stat_inside(int rootfd, const char *path, struct stat *ret)
{
	struct open_how how = { .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
				.resolve = RESOLVE_BENEATH };
	_cleanup_fd int fd = -1;

	/* The last step may be one, and O_PATH then is the link itself. */
	if (strrchr(path, '/') != path) {
		_cleanup_free char *above = strdup(path);
		struct open_how to_dir = { .flags = O_PATH | O_DIRECTORY,
					   .resolve = RESOLVE_BENEATH |
						      RESOLVE_NO_SYMLINKS };

		*strrchr(above, '/') = '\0';
		fd = (int)syscall(SYS_openat2, rootfd, above + 1, &to_dir,
				  sizeof(to_dir));
		require(fd >= 0);
		close(take_fd(&fd));
	}
	fd = (int)syscall(SYS_openat2, rootfd, path[1] ? path + 1 : ".", &how,
			  sizeof(how));
	require(fd >= 0 && !fstat(fd, ret));
}

static void compare_entry(int rootfd, const struct manifest_entry *e)
{
	struct stat st, target;

	stat_inside(rootfd, e->path, &st);
	if (e->hardlink) {
		stat_inside(rootfd, e->target, &target);
		require(st.st_ino == target.st_ino);
		return;
	}
	require(st.st_mode == e->mode);
	require(st.st_mtim.tv_sec == e->mtime_sec);
	if (S_ISREG(e->mode) || S_ISLNK(e->mode))
		require((uint64_t)st.st_size == e->size);
	if (S_ISCHR(e->mode))
		require(st.st_rdev == e->rdev);
}

static void compare(int rootfd, int manifestfd)
{
	_cleanup_file FILE *f = fdopen(dup(manifestfd), "r");
	_cleanup_free char *path = NULL;
	struct manifest_reader *reader;
	struct manifest_entry e;
	unsigned int n = 0;
	int r;

	require(f != NULL);
	rewind(f);
	require(!manifest_reader_new(&reader, f));
	for (; (r = manifest_reader_next(reader, &e)) > 0; n++) {
		compare_entry(rootfd, &e);
		manifest_entry_release(&e);
	}
	manifest_reader_free(reader);
	require(r == 0 && asprintf(&path, "%s/root", top) > 0);
	on_disk = 0;
	require(!nftw(path, count, 16, FTW_PHYS));
	require(n == on_disk);
}

static int open_made(const char *name)
{
	int fd;

	require(!mkdirat(topfd, name, 0700));
	fd = openat(topfd, name, O_RDONLY | O_DIRECTORY);
	require(fd >= 0);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fake f = { .source = { .ops = &fake_ops, .left = UINT64_MAX },
			  .at = data, .end = data + size };
	_cleanup_fd int rootfd = open_made("root"), asidefd = open_made("aside");
	_cleanup_fd int manifestfd = memfd_create("manifest", MFD_CLOEXEC);
	struct sha256 version;
	struct emit_options options;
	struct progress progress;
	struct pool *pool;
	struct emit *e;
	int r;

	if (size > ITEM * ITEMS_MAX)
		f.end = data + ITEM * ITEMS_MAX;
	require(!mkdirat(topfd, "pool", 0700));
	progress_init(&progress, true);
	fuzz_log_begin(&messages);
	require(!pool_open(topfd, asidefd, &pool));
	options = (struct emit_options){ .rootfd = rootfd, .asidefd = asidefd,
					 .pool = pool, .progress = &progress,
					 .threads = 2 };
	require(!emit_new(&e, &options));
	r = read_items(e, &f);
	if (!r) {
		r = emit_version(e, manifestfd, &version);
		require(!r);
		require(!emit_finish(e));
		compare(rootfd, manifestfd);
	}
	emit_free(e);
	pool_free(pool);
	fuzz_log_end(&messages, r < 0);
	free(f.source.path);
	check_outside();
	require(!fileio_remove_tree(topfd, "root") &&
		!fileio_remove_tree(topfd, "aside") &&
		!fileio_remove_tree(topfd, "pool"));
	return 0;
}
