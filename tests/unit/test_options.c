// SPDX-License-Identifier: Apache-2.0
#include "fs/options.h"

#include "tests/unit/unit.h"

#include <errno.h>

#include "base/cleanup.h"

#define MAX_ARGS 16

/* Parses a command line given as words separated by '|'. */
static int parse(const char *line, struct options *o)
{
	_cleanup_free char *copy = strdup(line);
	char *argv[MAX_ARGS + 1] = { (char *)"stencilfs" }, *s = copy;
	int argc = 1;

	while (s) {
		assert_true(argc < MAX_ARGS);
		argv[argc++] = strsep(&s, "|");
	}
	argv[argc] = NULL;
	return options_parse(argc, argv, o);
}

/* The -o string must be accepted. */
static struct options accept(const char *opts)
{
	struct options o = { 0 };
	char *why = NULL;
	int r = options_parse_string(opts, &o, &why);

	if (r < 0)
		fail_msg("%s: %s", opts, why ? why : "?");
	return o;
}

static void check_lowers(const char *opts, const char *const *expect)
{
	struct options o = accept(opts);
	size_t n = 0;

	for (; expect[n]; n++) {
		assert_true(n < o.nlowers);
		assert_string_equal(o.lowers[n], expect[n]);
	}
	assert_int_equal(o.nlowers, n);
	assert_null(o.lowers[n]);
	options_release(&o);
}

static void test_lowerdir(void **state)
{
	static const struct {
		const char *opts, *lowers[4];
	} cases[] = {
		{ "lowerdir=/a", { "/a" } },
		{ "lowerdir=/a:/b:c/../d", { "/a", "/b", "c/../d" } },
		{ "lowerdir=/a\\:b:/c", { "/a:b", "/c" } },
		{ "lowerdir=/a\\,b:/c\\\\:/d", { "/a,b", "/c\\", "/d" } },
		{ "lowerdir=/a\\b", { "/ab" } },
		{ "lowerdir=/a\\", { "/a\\" } },
		{ "lowerdir=/a\"b", { "/a\"b" } },
		{ "lowerdir=/a=b", { "/a=b" } },
		{ "lowerdir=/a,lowerdir=/b", { "/b" } },
		{ "lowerdir+=/a:b,lowerdir+=/c", { "/a:b", "/c" } },
		{ "lowerdir=/x,lowerdir+=/y", { "/x", "/y" } },
		{ "lowerdir=a b:\xff\xfe", { "a b", "\xff\xfe" } },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_lowers(cases[i].opts, cases[i].lowers);
}

static void test_many_lowers(void **state)
{
	_cleanup_bytes struct bytes b = BYTES_INIT;
	struct options o;

	assert_int_equal(bytes_adds(&b, "lowerdir=/l"), 0);
	for (int i = 1; i < 500; i++)
		assert_int_equal(bytes_addf(&b, ":/layer/%d/diff", i), 0);
	o = accept(b.data);
	assert_int_equal(o.nlowers, 500);
	assert_string_equal(o.lowers[499], "/layer/499/diff");
	options_release(&o);
}

/* Lines as podman and buildah write them. */
static void test_podman(void **state)
{
	struct options o = accept(
		"lowerdir=/s/overlay/l/AB:/s/overlay/l/CD/../x,"
		"upperdir=/s/overlay/ef/diff,workdir=/s/overlay/ef/work,"
		",volatile,context=\"system_u:object_r:container_file_t:"
		"s0:c1,c2\"");

	assert_int_equal(o.nlowers, 2);
	assert_string_equal(o.upper, "/s/overlay/ef/diff");
	assert_string_equal(o.work, "/s/overlay/ef/work");
	assert_true(o.is_volatile);
	assert_string_equal(o.kernel_opts.data,
			    "context=\"system_u:object_r:container_file_t:"
			    "s0:c1\\,c2\"");
	assert_int_equal(o.unknown.len, 0);
	options_release(&o);

	o = accept("lowerdir=/a,upperdir=/u,workdir=/w,"
		   "uidmapping=:0:1000:1:1:100000:65536,"
		   "gidmapping=:0:1000:1:1:100000:65536,"
		   "squash_to_uid=0,xattr_permissions=2,nodev,fsync=0");
	assert_string_equal(o.unknown.data,
			    "uidmapping=:0:1000:1:1:100000:65536,"
			    "gidmapping=:0:1000:1:1:100000:65536,"
			    "squash_to_uid=0,xattr_permissions=2,fsync=0");
	assert_string_equal(o.kernel_opts.data, "nodev");
	options_release(&o);
}

static void test_mount8(void **state)
{
	struct options o = accept(
		"rw,auto,noauto,user,user=joe,nouser,users,_netdev,nofail,"
		"defaults,x-systemd.automount,X-mount.mkdir=0755,comment=a b,"
		"relatime,default_permissions,subtype=x,dev,suid,"
		"template=debian,container=web");

	assert_int_equal(o.unknown.len, 0);
	assert_string_equal(o.kernel_opts.data, "dev,suid");
	assert_string_equal(o.template, "debian");
	assert_string_equal(o.container, "web");
	assert_false(o.readonly);
	options_release(&o);
}

static void test_values(void **state)
{
	struct options o = accept(
		"template=os@abcdef:app,store=/a\\,b,cache=none,fsname=x y,"
		"transport=uring,passthrough=off,shared=usr:a/.b:...,coherent,ro,nosuid,suid,"
		"noatime,sync,dirsync,allow_other,rootcontext=a:b:c,debug");

	assert_string_equal(o.template, "os@abcdef:app");
	assert_string_equal(o.store, "/a,b");
	assert_string_equal(o.cache, "none");
	assert_string_equal(o.fsname, "x y");
	assert_int_equal(o.transport, TRANSPORT_URING);
	assert_int_equal(o.passthrough, OPT_OFF);
	assert_string_equal(o.shared, "usr:a/.b:...");
	assert_true(o.coherent && o.readonly && o.allow_other && o.debug);
	assert_string_equal(o.kernel_opts.data,
			    "nosuid,suid,noatime,sync,dirsync,"
			    "rootcontext=\"a:b:c\"");
	options_release(&o);

	o = accept("ro,rw,transport=uring,transport=classic,passthrough=off,"
		   "passthrough=auto,store=a,store=b");
	assert_false(o.readonly);
	assert_int_equal(o.transport, TRANSPORT_CLASSIC);
	assert_int_equal(o.passthrough, OPT_AUTO);
	assert_string_equal(o.store, "b");
	options_release(&o);
}

static void test_empty(void **state)
{
	static const char *const strings[] = { "", ",", ",,,", "x-,X-" };

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		struct options o = accept(strings[i]);

		assert_int_equal(o.unknown.len, 0);
		assert_int_equal(o.kernel_opts.len, 0);
		options_release(&o);
	}
}

/* A value where none belongs, or none where one does, is another option. */
static void test_unknown(void **state)
{
	struct options o = accept("volatile=1,ro=recursive,nosuid=x,=,=a,"
				  "foo\\,bar,LOWERDIR=/a");

	assert_string_equal(o.unknown.data,
			    "volatile=1,ro=recursive,nosuid=x,=,=a,"
			    "foo\\,bar,LOWERDIR=/a");
	assert_false(o.is_volatile);
	assert_false(o.readonly);
	options_release(&o);
}

static void test_bad_strings(void **state)
{
	static const struct {
		const char *opts, *why;
	} cases[] = {
		{ "lowerdir=/a::/b", "data-only" },
		{ "lowerdir=/a:::/b", "data-only" },
		{ "datadir+=/b", "data-only" },
		{ "lowerdir=:/a", "empty" },
		{ "lowerdir=/a:", "empty" },
		{ "lowerdir=", "needs a value" },
		{ "lowerdir", "needs a value" },
		{ "upperdir=", "needs a value" },
		{ "template", "needs a value" },
		{ "context=", "needs a value" },
		{ "context=\"\"", "not a label" },
		{ "context=a\"b", "not a label" },
		{ "context=\"a:b,ro", "quote" },
		{ "foo=\"a", "quote" },
		{ "transport=fast", "transport" },
		{ "transport=", "needs a value" },
		{ "passthrough=on", "passthrough" },
		{ "shared=", "needs a value" },
		{ "shared=/usr", "shared" },
		{ "shared=usr:", "shared" },
		{ "shared=usr/:bin", "shared" },
		{ "shared=usr:a/../b", "shared" },
		{ "shared=.", "shared" },
		{ "remount,ro", "remount" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct options o = { 0 };
		char *why = NULL;

		if (options_parse_string(cases[i].opts, &o, &why) != -EINVAL)
			fail_msg("%s was accepted", cases[i].opts);
		assert_non_null(why);
		if (!strstr(why, cases[i].why))
			fail_msg("%s: %s", cases[i].opts, why);
		assert_null(strchr(why, '\n'));
		free(why);
		options_release(&o);
	}
}

static void test_good_lines(void **state)
{
	static const char *const lines[] = {
		"-o|lowerdir=/a|/m",
		"/m|-o|lowerdir=/a",
		"-olowerdir=/a|/m",
		"-f|-o|template=a|/m",
		"none|/m|-o|rw,lowerdir=/a,dev,suid",
		"-o|rw|none|/m|-o|lowerdir=/a,upperdir=/u,workdir=/w",
		"--store=/s|-o|container=x|src|/m",
		"--store|/s|-o|container=x,template=a:b|/m",
		"-o|template=a,upperdir=/u,workdir=/w|/m",
		"-o|lowerdir=/a|--|-m",
		"-o||-o|container=x|/m",
		"-h", "--help", "-V", "--version", "--help|nonsense|a|b|c",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct options o;

		if (parse(lines[i], &o) < 0)
			fail_msg("%s was refused", lines[i]);
		options_release(&o);
	}
}

static void test_bad_lines(void **state)
{
	static const char *const lines[] = {
		"-o|lowerdir=/a",
		"-o|lowerdir=/a|",
		"/m",
		"a|b|c|-o|lowerdir=/a",
		"-o|upperdir=/u,workdir=/w|/m",
		"-o|lowerdir=/a,upperdir=/u|/m",
		"-o|lowerdir=/a,workdir=/w|/m",
		"-o|lowerdir=/a,template=t|/m",
		"-o|lowerdir=/a,container=c|/m",
		"-o|container=c,upperdir=/u,workdir=/w|/m",
		"-o|lowerdir=/a,transport=x|/m",
		"-x|-o|lowerdir=/a|/m",
		"--nonsense|-o|lowerdir=/a|/m",
		"/m|-o",
		"--store",
	};

	int saved = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);

	/* What they say is for people. */
	assert_int_equal(dup2(null, STDERR_FILENO), STDERR_FILENO);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct options o = { .nlowers = 77 };

		if (parse(lines[i], &o) != -EINVAL)
			fail_msg("%s was accepted", lines[i]);
		assert_int_equal(o.nlowers, 77);
	}
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	close(saved);
	close(null);
}

static void test_positionals(void **state)
{
	_cleanup_free char *cwd = getcwd(NULL, 0);
	struct options o;

	assert_int_equal(parse("src|m/n|-d|-o|lowerdir=/a", &o), 0);
	assert_string_equal(o.source, "src");
	assert_int_equal(o.mountpoint[0], '/');
	assert_memory_equal(o.mountpoint, cwd, strlen(cwd));
	assert_string_equal(o.mountpoint + strlen(cwd), "/m/n");
	assert_true(o.foreground && o.debug);
	options_release(&o);

	assert_int_equal(parse("/m|-o|lowerdir=/a", &o), 0);
	assert_null(o.source);
	assert_string_equal(o.mountpoint, "/m");
	assert_false(o.foreground || o.debug);
	options_release(&o);

	assert_int_equal(parse("/m|-o|lowerdir=/a,debug", &o), 0);
	assert_true(o.foreground && o.debug);
	options_release(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lowerdir),
		cmocka_unit_test(test_many_lowers),
		cmocka_unit_test(test_podman),
		cmocka_unit_test(test_mount8),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_bad_strings),
		cmocka_unit_test(test_good_lines),
		cmocka_unit_test(test_positionals),
		cmocka_unit_test(test_bad_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
