// SPDX-License-Identifier: Apache-2.0
/* Layers: what a list of items leaves in tree and manifest. */
#include "mkimage/emit.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <ftw.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/manifest.h"
#include "mkimage/pool.h"
#include "mkimage/progress.h"
#include "mkimage/source.h"

/* A file's content is one block: what the item's text says. */
struct fake {
	struct source source;
	const char *content;
	bool given;
};

static int fake_data(struct source *s, struct source_block *ret)
{
	struct fake *f = (struct fake *)s;

	if (f->given || !f->content[0])
		return 0;
	f->given = true;
	*ret = (struct source_block){ f->content, strlen(f->content), 0 };
	return 1;
}

static const struct source_ops fake_ops = { .data = fake_data };

struct fixture {
	int storefd, rootfd, asidefd;
	struct pool *pool;
	struct emit *emit;
	struct progress progress;
};

static int make_dir(const char *name)
{
	assert_int_equal(mkdirat(unit_dirfd, name, 0700), 0);
	return openat(unit_dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int r;

	log_init("test");
	r = unit_setup(state);
	if (r)
		return r;
	umask(0);
	f->storefd = make_dir("store");
	assert_int_equal(mkdirat(f->storefd, "pool", 0700), 0);
	f->rootfd = make_dir("root");
	f->asidefd = make_dir("aside");
	progress_init(&f->progress, true);
	*state = f;
	assert_int_equal(pool_open(f->storefd, f->asidefd, &f->pool), 0);
	return emit_new(&f->emit, &(struct emit_options){
					  .rootfd = f->rootfd,
					  .asidefd = f->asidefd,
					  .pool = f->pool,
					  .progress = &f->progress,
				  });
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	emit_free(f->emit);
	pool_free(f->pool);
	close(f->storefd);
	close(f->rootfd);
	close(f->asidefd);
	free(f);
	return unit_teardown(state);
}

/*
 * One item, written as "LAYER KIND PATH [ARGUMENT]".  KIND is d (directory), f
 * (file: its content), l (link: its target), h (hard link: its target), w
 * (whiteout), o (opaque).
 */
static int give(struct fixture *f, const char *text)
{
	struct fake source = { .source.ops = &fake_ops, .content = "" };
	struct source_item item = { .layer = (uint32_t)(text[0] - '0') };
	char path[4096], arg[4096] = "";
	struct manifest_entry *e = &item.entry;
	int r;

	assert_true(sscanf(text + 4, "%4095s %4095s", path, arg) >= 1);
	e->path = strdup(path);
	e->uid = geteuid();
	e->gid = getegid();
	e->mode = S_IFDIR | 0755;
	switch (text[2]) {
	case 'f':
		e->mode = S_IFREG | 0644;
		e->size = strlen(arg);
		source.content = arg;
		source.source.size = e->size; /* as source_next() does */
		break;
	case 'l':
		e->mode = S_IFLNK | 0777;
		e->target = strdup(arg);
		e->size = strlen(arg);
		break;
	case 'h':
		e->hardlink = true;
		e->target = strdup(arg);
		break;
	case 'w':
		item.kind = SOURCE_WHITEOUT;
		break;
	case 'o':
		item.kind = SOURCE_OPAQUE;
		break;
	}
	r = emit_item(f->emit, &source.source, &item);
	source_item_release(&item);
	return r;
}

static unsigned int on_disk;

static int count(const char *path, const struct stat *st, int flag,
		 struct FTW *ftw)
{
	on_disk++;
	return 0;
}

static void describe(struct fixture *f, const struct manifest_entry *e,
		     struct bytes *out)
{
	_cleanup_bytes struct bytes content = BYTES_INIT;
	char type = e->hardlink ? 'h' : S_ISDIR(e->mode) ? 'd'
		    : S_ISLNK(e->mode) ? 'l' : 'f';

	if (!strcmp(e->path, "/"))
		return;
	if (S_ISREG(e->mode))
		assert_int_equal(fileio_read_file(f->rootfd, e->path + 1,
						  4096, &content), 0);
	assert_int_equal(bytes_addf(out, "%s%c %s", out->len ? ", " : "",
				    type, e->path), 0);
	if (type == 'l' || type == 'h')
		assert_int_equal(bytes_addf(out, " %s", e->target), 0);
	if (content.len)
		assert_int_equal(bytes_addf(out, "=%s", content.data), 0);
}

/* Ends the build: all that there is, as one line. */
static void t_gives(struct fixture *f, const char *want)
{
	_cleanup_bytes struct bytes all = BYTES_INIT;
	struct manifest_reader *reader;
	struct manifest_entry e;
	struct sha256 version;
	unsigned int n = 0;
	char path[300];
	FILE *file;
	int fd;

	fd = openat(unit_dirfd, "manifest", O_RDWR | O_CREAT | O_EXCL, 0600);
	assert_int_equal(emit_version(f->emit, fd, &version), 0);
	assert_int_equal(emit_finish(f->emit), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	file = fdopen(fd, "r");
	assert_int_equal(manifest_reader_new(&reader, file), 0);
	while (manifest_reader_next(reader, &e) > 0) {
		describe(f, &e, &all);
		manifest_entry_release(&e);
		n++;
	}
	manifest_reader_free(reader);
	fclose(file);
	assert_string_equal(all.data ? all.data : "", want);
	on_disk = 0;
	snprintf(path, sizeof(path), "%s/root", unit_dir);
	assert_int_equal(nftw(path, count, 16, FTW_PHYS), 0);
	assert_int_equal(on_disk, n);
}

#define GIVE(...)                                                              \
	do {                                                                   \
		static const char *const items_[] = { __VA_ARGS__ };           \
		for (size_t i_ = 0; i_ < sizeof(items_) / sizeof(*items_);     \
		     i_++)                                                     \
			assert_int_equal(give(f, items_[i_]), 0);              \
	} while (0)

static void test_whiteout(void **state)
{
	struct fixture *f = *state;

	GIVE("0 d /a", "0 f /a/x 1", "0 f /a/y 2", "0 d /a/d", "0 f /a/d/z 3",
	     "0 f /b 4",
	     /* What is not there; what this layer has, before and after. */
	     "1 w /none", "1 w /none/none", "1 w /b/none",
	     "1 f /a/d/new 5", "1 w /a/d", "1 w /a/x", "1 f /a/x 6", "1 w /a/x",
	     "1 w /b");
	t_gives(f, "d /a, d /a/d, f /a/d/new=5, f /a/x=6, f /a/y=2");
}

static void test_whiteout_whole(void **state)
{
	struct fixture *f = *state;

	GIVE("0 f /a/b/c/d/e 1", "0 l /a/b/l c", "0 f /a/k 2", "1 w /a/b",
	     "2 w /a", "2 d /z");
	t_gives(f, "d /z");
}

static void test_opaque(void **state)
{
	struct fixture *f = *state;

	GIVE("0 f /a/x 1", "0 f /a/d/y 2", "0 f /b 3", "1 f /a/d/new 4",
	     "1 o /a", "1 o /none", "1 o /b", "1 f /a/z 5", "1 o /a");
	t_gives(f, "d /a, d /a/d, f /a/d/new=4, f /a/z=5, f /b=3");
}

static void test_opaque_root(void **state)
{
	struct fixture *f = *state;

	GIVE("0 f /a/x 1", "0 f /b 3", "1 f /c 4", "1 o /");
	t_gives(f, "f /c=4");
}

/* A directory that the layer names by what it puts two levels below it. */
static void test_opaque_far_above(void **state)
{
	struct fixture *f = *state;

	GIVE("0 f /d/c/x 1", "1 d /d/d/d", "1 o /", "1 f /a/b 2", "2 d /d/d/d");
	t_gives(f, "d /a, f /a/b=2, d /d, d /d/d, d /d/d/d");
}

/* One type over another, between layers and within one. */
static void test_replace(void **state)
{
	struct fixture *f = *state;

	GIVE("0 f /a/b/c 1", "0 f /f 2", "0 l /l a", "0 d /keep",
	     "0 f /keep/k 3", "1 f /a 4", "1 d /f", "1 f /f/g 5", "1 d /l",
	     "1 d /keep", "1 f /d/x 6");
	assert_int_equal(give(f, "1 f /d 7"), -EISDIR);
	assert_int_equal(give(f, "1 f /keep 7"), -EISDIR);
	GIVE("2 l /d a");
	t_gives(f, "f /a=4, l /d a, d /f, f /f/g=5, d /keep, f /keep/k=3, d /l");
}

static void test_through_links(void **state)
{
	struct fixture *f = *state;

	GIVE("0 d /usr/lib", "0 l /lib usr/lib", "0 l /abs /usr/./lib/",
	     "0 l /usr/up ../../../usr", "0 l /usr/lib/back ../../lib",
	     "0 l /loop loop", "0 l /dangling new//dir/.", "0 f /plain x",
	     "0 l /out ../../etc", "0 l /bad none/../x",
	     "1 f /lib/a 1", "1 f /abs/b 2", "1 f /usr/up/lib/back/c 3",
	     "1 f /dangling/d 4", "1 f /out/e 5", "1 h /lib/f /abs/a",
	     "1 l /mine usr");
	assert_int_equal(give(f, "1 f /loop/x 1"), -ELOOP);
	assert_int_equal(give(f, "1 f /bad/x 1"), -ENOENT);
	assert_int_equal(give(f, "1 f /plain/x 1"), -ENOTDIR);
	assert_int_equal(give(f, "1 f /mine/x 1"), -ENOTDIR);
	GIVE("2 f /mine/g 6", "2 w /lib/b", "2 o /dangling", "2 w /abs");
	t_gives(f, "l /bad none/../x, l /dangling new//dir/., d /etc, "
		   "f /etc/e=5, l /lib usr/lib, l /loop loop, l /mine usr, "
		   "d /new, d /new/dir, l /out ../../etc, f /plain=x, d /usr, "
		   "f /usr/g=6, d /usr/lib, f /usr/lib/a=1, "
		   "l /usr/lib/back ../../lib, f /usr/lib/c=3, "
		   "h /usr/lib/f /usr/lib/a=1, l /usr/up ../../../usr");
}

/* Links make paths that no name in a source could have. */
static void test_long_path(void **state)
{
	struct fixture *f = *state;
	char text[8192] = "0 d ", deep[4096] = "";

	for (int i = 0; i < 1500; i++)
		memcpy(deep + 2 * i, "/d", 3);
	memcpy(text + 4, deep, sizeof(deep));
	assert_int_equal(give(f, text), 0);
	snprintf(text, sizeof(text), "0 l /l %s", deep);
	assert_int_equal(give(f, text), 0);
	assert_int_equal(give(f, "1 f /l/x 1"), 0);
	snprintf(text, sizeof(text), "1 d /l%.2000s", deep);
	assert_int_equal(give(f, text), -ENAMETOOLONG);
	GIVE("2 w /d", "2 w /l");
	t_gives(f, "");
}

static void test_hardlinks(void **state)
{
	struct fixture *f = *state;

	GIVE("0 f /a 1", "0 h /b /a", "0 f /c 2", "0 d /d", "0 f /d/f 3",
	     "1 h /e /c", "1 w /c", "1 w /a", "1 h /b /b", "1 w /b",
	     "1 h /g /d/f");
	assert_int_equal(give(f, "1 h /h /none"), -ENOENT);
	assert_int_equal(give(f, "1 h /h /a"), -ENOENT);
	t_gives(f, "f /b=1, d /d, f /d/f=3, f /e=2, h /g /d/f=3");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_whiteout),
		TEST(test_whiteout_whole),
		TEST(test_opaque),
		TEST(test_opaque_root),
		TEST(test_opaque_far_above),
		TEST(test_replace),
		TEST(test_through_links),
		TEST(test_long_path),
		TEST(test_hardlinks),
	};

	/* Attributes in trusted. are root's. */
	if (geteuid()) {
		puts("SKIP: root is needed");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
