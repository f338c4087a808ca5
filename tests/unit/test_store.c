// SPDX-License-Identifier: Apache-2.0
/* Names, stacks, and the life of a container's record. */
#include "base/store.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/cleanup.h"

/* Versions: the same digit throughout, or with another one at the end. */
#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define VA A63 "a"
#define VB A63 "b"
#define VC "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static int store = -1;

static void make(const char *path)
{
	char whole[1024];

	snprintf(whole, sizeof(whole), "%s/store/%s", unit_dir, path);
	assert_int_equal(fileio_mkdirs(whole, 0755), 0);
}

static int setup(void **state)
{
	char path[512];

	if (unit_setup(state))
		return -1;
	snprintf(path, sizeof(path), "%s/store", unit_dir);
	store = store_open(path, true);
	if (store < 0)
		return -1;
	make("templates/debian/" VA "/root");
	make("templates/debian/" VB "/root");
	make("templates/lib%web/" VC "/root");
	if (symlinkat(VB, store, "templates/debian/current") ||
	    symlinkat(VC, store, "templates/lib%web/current") ||
	    fchmodat(store, "templates/lib%web/" VC "/root", 0711, 0))
		return -1;
	return 0;
}

static int teardown(void **state)
{
	close(store);
	return unit_teardown(state);
}

static struct template_stack stack_of(const char *text)
{
	struct template_stack s;

	assert_int_equal(template_stack_parse(text, &s), 0);
	assert_int_equal(template_stack_resolve(store, &s, NULL), 0);
	return s;
}

static void create(const char *id)
{
	struct template_stack s = stack_of("debian");

	assert_int_equal(container_create(store, id, &s), 0);
	template_stack_release(&s);
}

static void test_path(void **state)
{
	assert_string_equal(store_path("/x"), "/x");
	unsetenv(STORE_ENV);
	assert_string_equal(store_path(NULL), STORE_DEFAULT);
	setenv(STORE_ENV, "", 1);
	assert_string_equal(store_path(NULL), STORE_DEFAULT);
	setenv(STORE_ENV, "/y", 1);
	assert_string_equal(store_path(NULL), "/y");
	unsetenv(STORE_ENV);
}

static void test_open(void **state)
{
	char path[512];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/other", unit_dir);
	assert_int_equal(store_open(path, false), -ENOENT);
	fd = store_open(path, true);
	assert_true(fd >= 0);
	assert_int_equal(fstatat(fd, "containers", &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0700);
	assert_int_equal(fstatat(fd, "pool", &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0700);
	close(fd);
	fd = store_open(path, true);
	assert_true(fd >= 0);
	close(fd);
}

static void test_names(void **state)
{
	static const char *const bad[] = { "", ".", "..", ".a", "-a", "a b",
					   "a\n", "a%b", "a:b", "a@b", "/",
					   "a//b", "/a", "a/", "a/.b", "a/-b",
					   "a/../b", "\xc3\xa9" };
	char name[STORE_NAME_MAX + 2];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(store_template_name_ok(bad[i]));
		assert_false(store_container_name_ok(bad[i]));
	}
	assert_true(store_template_name_ok("docker.io/library/debian_12-x"));
	assert_false(store_container_name_ok("a/b"));
	assert_true(store_container_name_ok("Web.1_a-2"));
	assert_true(store_container_name_ok("_"));
	memset(name, 'n', sizeof(name));
	name[STORE_NAME_MAX + 1] = '\0';
	assert_false(store_container_name_ok(name));
	name[STORE_NAME_MAX] = '\0';
	assert_true(store_container_name_ok(name));
}

static void test_stack_parse(void **state)
{
	static const char *const bad[] = { "", ":", "a:", ":a", "a::b", "a@",
					   "a@12345", "a@12345G", "a@ABCDEF",
					   "a@" VA "a", "a@123456@123456",
					   "@123456", "a b", "a/" };
	struct template_stack s = { 0 };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(template_stack_parse(bad[i], &s), -EINVAL);
	assert_null(s.refs);
	assert_int_equal(template_stack_parse("deb:x/y@123abc:z@" VA, &s), 0);
	assert_int_equal(s.n, 3);
	assert_string_equal(s.refs[0].name, "deb");
	assert_null(s.refs[0].version);
	assert_string_equal(s.refs[1].name, "x/y");
	assert_string_equal(s.refs[1].version, "123abc");
	assert_string_equal(s.refs[2].version, VA);
	template_stack_release(&s);
	assert_null(s.refs);
}

static void test_stack_resolve(void **state)
{
	struct template_stack s = stack_of("debian:lib/web@cccccc:debian@" VA);
	size_t missing = 77;

	assert_string_equal(s.refs[0].version, VB);
	assert_string_equal(s.refs[1].version, VC);
	assert_string_equal(s.refs[2].version, VA);
	template_stack_release(&s);

	assert_int_equal(template_stack_parse("debian:none:debian", &s), 0);
	assert_int_equal(template_stack_resolve(store, &s, &missing), -ENOENT);
	assert_int_equal(missing, 1);
	assert_null(s.refs[0].version);
	template_stack_release(&s);

	assert_int_equal(template_stack_parse("debian@aaaaaaa", &s), 0);
	assert_int_equal(template_stack_resolve(store, &s, &missing),
			 -ENOTUNIQ);
	template_stack_release(&s);

	assert_int_equal(template_stack_parse("lib/web:debian@dddddd", &s), 0);
	assert_int_equal(template_stack_resolve(store, &s, &missing), -ENOENT);
	assert_int_equal(missing, 1);
	template_stack_release(&s);
}

static void test_template_path(void **state)
{
	char *path = template_path("a/b.c/d", VA);

	assert_string_equal(path, "templates/a%b.c%d/" VA);
	free(path);
}

static void test_container_life(void **state)
{
	struct template_stack s = stack_of("debian@" VA ":lib/web");
	struct container c;
	struct stat st;
	int64_t now = time(NULL);

	assert_int_equal(container_read(store, "c1", &c), -ENOENT);
	assert_int_equal(container_create(store, "c1", &s), 0);
	assert_int_equal(container_create(store, "c1", &s), -EEXIST);
	assert_int_equal(container_create(store, "../c1", &s), -EINVAL);
	assert_int_equal(container_read(store, "c1", &c), 0);
	assert_string_equal(c.id, "c1");
	assert_true(c.created >= now && c.created < now + 60);
	assert_int_equal(c.stack.n, 2);
	assert_string_equal(c.stack.refs[0].name, "debian");
	assert_string_equal(c.stack.refs[0].version, VA);
	assert_string_equal(c.stack.refs[1].name, "lib/web");
	assert_string_equal(c.stack.refs[1].version, VC);
	container_release(&c);
	/* The uppermost template's root decides. */
	assert_int_equal(fstatat(store, "containers/c1/private", &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0711);
	assert_int_equal(fstatat(store, "containers/c1/work", &st, 0), 0);
	template_stack_release(&s);

	assert_int_equal(container_remove(store, "c1"), 0);
	assert_int_equal(container_remove(store, "c1"), -ENOENT);
	assert_int_equal(container_open(store, "c1"), -ENOENT);
}

static size_t leftovers(void)
{
	int fd = openat(store, "containers", O_RDONLY | O_DIRECTORY);
	_cleanup_dir DIR *dir = fdopendir(fd);
	struct dirent *d;
	size_t n = 0;

	assert_non_null(dir);
	while ((d = readdir(dir)))
		n += d->d_name[0] == '.' && d->d_name[1] != '.' &&
		     d->d_name[1] != '\0';
	return n;
}

/* Nothing of a creation that fails stays behind. */
static void test_create_fails(void **state)
{
	struct template_stack s;
	struct container c;

	assert_int_equal(template_stack_parse("debian", &s), 0);
	assert_int_equal(container_create(store, "c", &s), -EINVAL);
	template_stack_release(&s);
	assert_int_equal(template_stack_parse("nix@" VA, &s), 0);
	assert_int_equal(container_create(store, "c", &s), -ENOENT);
	template_stack_release(&s);
	assert_int_equal(container_read(store, "c", &c), -ENOENT);
	assert_int_equal(leftovers(), 0);
}

static void test_list(void **state)
{
	char **v;

	assert_int_equal(container_list(store, &v), 0);
	assert_null(v[0]);
	store_strv_free(v);
	create("b");
	create("a");
	create("c");
	make("containers/.tmp-x");
	assert_int_equal(container_list(store, &v), 0);
	assert_string_equal(v[0], "a");
	assert_string_equal(v[1], "b");
	assert_string_equal(v[2], "c");
	assert_null(v[3]);
	store_strv_free(v);
	assert_int_equal(container_remove(store, "a"), 0);
	assert_int_equal(container_remove(store, "b"), 0);
	assert_int_equal(container_remove(store, "c"), 0);
}

static void test_leftovers(void **state)
{
	int lock;

	make("containers/.tmp-1/private/deep/er");
	make("containers/.rm-1/private");
	make("containers/.rm-2");
	lock = openat(store, "containers/.rm-2/lock", O_RDWR | O_CREAT, 0600);
	assert_true(lock >= 0);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	create("x");
	assert_int_equal(leftovers(), 1);
	close(lock);
	assert_int_equal(container_remove(store, "x"), 0);
	assert_int_equal(leftovers(), 0);
}

static void damage(const char *text, int want)
{
	int fd = container_open(store, "rec");
	struct container c;

	assert_int_equal(fileio_write_file(fd, "container.json", text,
					   strlen(text), 0600), 0);
	close(fd);
	assert_int_equal(container_read(store, "rec", &c), want);
	if (want == 0)
		container_release(&c);
}

#define REC(version, id, stack)                                          \
	"{\"version\":" version ",\"id\":\"" id "\",\"created\":1,"      \
	"\"stack\":" stack "}"
#define REF(name, version) "{\"name\":\"" name "\",\"version\":\"" version "\"}"

static void test_damaged_record(void **state)
{
	struct container c;

	create("rec");
	damage("", -EBADMSG);
	damage("{", -EBADMSG);
	damage("[]", -EBADMSG);
	damage("{}", -EBADMSG);
	damage("{\"version\":1}", -EBADMSG);
	damage("{\"version\":0}", -EBADMSG);
	damage("{\"version\":2}", -EPROTO);
	damage(REC("1", "other", "[" REF("debian", VA) "]"), -EBADMSG);
	damage(REC("1", "rec", "[]"), -EBADMSG);
	damage(REC("1", "rec", "{}"), -EBADMSG);
	damage(REC("1", "rec", "[" REF("debian", "123456") "]"), -EBADMSG);
	damage(REC("1", "rec", "[" REF("a:b", VA) "]"), -EBADMSG);
	damage(REC("1", "rec", "[" REF("../x", VA) "]"), -EBADMSG);
	damage(REC("1", "rec", "[1]"), -EBADMSG);
	damage(REC("1", "rec", "[" REF("debian", VA) "]"), 0);
	assert_int_equal(unlinkat(store, "containers/rec/container.json", 0),
			 0);
	assert_int_equal(container_read(store, "rec", &c), -EBADMSG);
	assert_int_equal(container_remove(store, "rec"), 0);
}

static void test_mount_record(void **state)
{
	struct container_mount m = { 0 };
	struct container_mount set = { 1234, (char *)"/mnt/a \"b\"", 5678 };
	struct container_mount odd = { 1, (char *)"/mnt/\xff\x01", 2 };
	int lock;

	create("m");
	assert_int_equal(container_get_mount(store, "m", &m), -ENOENT);
	lock = container_lock(store, "m");
	assert_true(lock >= 0);
	assert_int_equal(fcntl(lock, F_GETFD), FD_CLOEXEC);
	assert_int_equal(container_lock(store, "m"), -EBUSY);
	assert_int_equal(container_remove(store, "m"), -EBUSY);
	assert_int_equal(container_get_mount(store, "m", &m), -ENOENT);
	assert_int_equal(container_set_mount(store, "m", &set), 0);
	assert_int_equal(container_get_mount(store, "m", &m), 0);
	assert_int_equal(m.pid, 1234);
	assert_int_equal(m.since, 5678);
	assert_string_equal(m.mountpoint, set.mountpoint);
	container_mount_release(&m);
	assert_int_equal(container_set_mount(store, "m", &odd), 0);
	assert_int_equal(container_get_mount(store, "m", &m), 0);
	assert_string_equal(m.mountpoint, odd.mountpoint);
	container_mount_release(&m);
	/* The daemon dies: the record stays and counts no more, not even when
	 * a successor has the lock and has written nothing yet. */
	close(lock);
	assert_int_equal(container_get_mount(store, "m", &m), -ENOENT);
	lock = container_lock(store, "m");
	assert_true(lock >= 0);
	assert_int_equal(container_get_mount(store, "m", &m), -ENOENT);
	assert_int_equal(container_set_mount(store, "m", &set), 0);
	assert_int_equal(container_set_mount(store, "m", NULL), 0);
	assert_int_equal(container_set_mount(store, "m", NULL), 0);
	assert_int_equal(container_get_mount(store, "m", &m), -ENOENT);
	close(lock);
	assert_int_equal(container_remove(store, "m"), 0);
	assert_int_equal(container_lock(store, "m"), -ENOENT);
	assert_int_equal(container_get_mount(store, "m", &m), -ENOENT);
}

/* Whoever asks whether it is mounted does not keep others from mounting. */
static void *ask(void *arg)
{
	struct container_mount m;
	_Atomic bool *stop = arg;

	while (!*stop)
		if (container_get_mount(store, "asked", &m) != -ENOENT)
			return arg;
	return NULL;
}

static void test_asking_is_harmless(void **state)
{
	_Atomic bool stop = false;
	pthread_t thread;
	void *failed;
	int i, lock;

	create("asked");
	assert_int_equal(pthread_create(&thread, NULL, ask, &stop), 0);
	for (i = 0; i < 200; i++) {
		lock = container_lock(store, "asked");
		assert_true(lock >= 0);
		close(lock);
	}
	stop = true;
	pthread_join(thread, &failed);
	assert_null(failed);
	assert_int_equal(container_remove(store, "asked"), 0);
}

#define CREATORS 6

/* Processes make and remove the same few containers: each name is there or
 * not, complete, and nothing is left over. */
static int churn(int seed)
{
	struct template_stack s;
	struct container c;
	char id[8];
	int i, err;

	if (template_stack_parse("debian@" VA, &s))
		return 2;
	for (i = 0; i < 30; i++) {
		snprintf(id, sizeof(id), "p%d", (seed + i) % 3);
		err = container_create(store, id, &s);
		if (err && err != -EEXIST)
			return 3;
		err = container_read(store, id, &c);
		if (err && err != -ENOENT)
			return 4;
		if (!err)
			container_release(&c);
		err = container_remove(store, id);
		if (err && err != -ENOENT && err != -EBUSY)
			return 5;
	}
	template_stack_release(&s);
	return 0;
}

static void test_processes(void **state)
{
	pid_t pids[CREATORS];
	int i, status, err;
	char id[8];

	for (i = 0; i < CREATORS; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(churn(i));
	}
	for (i = 0; i < CREATORS; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	for (i = 0; i < 3; i++) {
		snprintf(id, sizeof(id), "p%d", i);
		err = container_remove(store, id);
		assert_true(err == 0 || err == -ENOENT);
	}
	create("last");
	assert_int_equal(leftovers(), 0);
	assert_int_equal(container_remove(store, "last"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_stack_parse),
		cmocka_unit_test(test_stack_resolve),
		cmocka_unit_test(test_template_path),
		cmocka_unit_test(test_container_life),
		cmocka_unit_test(test_create_fails),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_leftovers),
		cmocka_unit_test(test_damaged_record),
		cmocka_unit_test(test_mount_record),
		cmocka_unit_test(test_asking_is_harmless),
		cmocka_unit_test(test_processes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
