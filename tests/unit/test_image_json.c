// SPDX-License-Identifier: Apache-2.0
/* Documents, digests and platforms of images, as strangers write them. */
#include "mkimage/image_json.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define MANIFEST "application/vnd.oci.image.manifest.v1+json"

static struct bytes text_of(const char *s)
{
	return (struct bytes){ (char *)s, strlen(s), strlen(s) };
}

static void test_digest(void **state)
{
	static const char *const bad[] = {
		"", ":", "sha256", "sha256:", "sha256:" HEX64 "0",
		"sha256:../" HEX64, "sha512:" HEX64, "sha1:" HEX64,
		" sha256:" HEX64, "sha256:" HEX64 " ", "SHA256:" HEX64,
		"sha256:0123456789ABCDEF" HEX64,
	};
	struct blob_digest d;

	assert_int_equal(blob_digest_parse("sha256:" HEX64, &d), 0);
	assert_string_equal(d.text, "sha256:" HEX64);
	assert_int_equal(blob_digest_parse("sha512:" HEX64 HEX64, &d), 0);
	assert_string_equal(d.text, "sha512:" HEX64 HEX64);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(blob_digest_parse(bad[i], &d), -EINVAL);
}

static void check_match(const char *want, const char *have, bool fits)
{
	struct platform a, b;

	assert_int_equal(platform_parse(want, &a), 0);
	assert_int_equal(platform_parse(have, &b), 0);
	assert_int_equal(platform_match(&a, &b) > 0, fits);
}

static void test_platform(void **state)
{
	static const char *const bad[] = { "", "linux", "linux/", "/arm",
					   "linux/arm/", "linux/a b",
					   "linux/arm/v7/x", "linux/\x1b" };
	char text[PLATFORM_TEXT];
	struct platform p, v6, v7;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(platform_parse(bad[i], &p), -EINVAL);
	check_match("linux/amd64", "linux/amd64", true);
	check_match("linux/x86_64", "linux/amd64", true);
	check_match("linux/amd64", "linux/amd64/v1", true);
	check_match("linux/amd64", "linux/amd64/v3", false);
	check_match("linux/amd64", "windows/amd64", false);
	check_match("linux/arm64", "linux/aarch64", true);
	check_match("linux/arm64", "linux/arm64/v8", true);
	check_match("linux/arm", "linux/arm/v7", true);
	check_match("linux/arm/v7", "linux/arm/v6", true);
	check_match("linux/arm/v6", "linux/arm/v7", false);
	check_match("linux/arm64", "linux/arm", false);
	assert_int_equal(platform_parse("linux/arm/v7", &p), 0);
	platform_format(&p, text);
	assert_string_equal(text, "linux/arm/v7");
	assert_int_equal(platform_parse("linux/arm/v6", &v6), 0);
	v7 = p;
	assert_true(platform_match(&p, &v7) > platform_match(&p, &v6));
}

static void test_index(void **state)
{
	struct bytes text = text_of(
		"{\"schemaVersion\": 2, \"manifests\": [{"
		"\"mediaType\": \"" MANIFEST "\", \"size\": 7,"
		"\"digest\": \"sha256:" HEX64 "\","
		"\"platform\": {\"os\": \"linux\", \"architecture\": \"arm\"},"
		"\"annotations\": {"
		"\"org.opencontainers.image.ref.name\": \"one\"}},"
		"{\"mediaType\": \"x\", \"size\": 0,"
		"\"digest\": \"sha256:" HEX64 "\", \"platform\": 5}]}");
	struct image_list l;

	assert_int_equal(image_json_index(&text, "index", &l), 0);
	assert_int_equal(l.n, 2);
	assert_int_equal(l.at[0].media, IMAGE_MANIFEST);
	assert_int_equal(l.at[0].size, 7);
	assert_true(l.at[0].has_platform);
	assert_string_equal(l.at[0].platform.arch, "arm");
	assert_string_equal(l.at[0].ref, "one");
	assert_int_equal(l.at[1].media, IMAGE_OTHER);
	assert_false(l.at[1].has_platform);
	assert_null(l.at[1].ref);
	image_list_release(&l);
}

/* Each is refused by each reader, and leaves what it was to fill. */
static void test_bad(void **state)
{
	static const char *const bad[] = {
		"", "{", "[]", "null", "{}", "{\"schemaVersion\": 2}",
		"{\"schemaVersion\": \"2\", \"manifests\": []}",
		"{\"schemaVersion\": 2, \"manifests\": {}, \"layers\": 1}",
		("{\"schemaVersion\": 2, \"manifests\": [1], \"layers\": [1],"
		 " \"config\": 1}"),
		"{\"schemaVersion\": 2, \"mediaType\": 1, \"manifests\": []}",
		"{\"rootfs\": []}", "{\"rootfs\": {\"diff_ids\": 1}}",
		"{\"rootfs\": {\"diff_ids\": [1]}}", "{} {}", "{\"a\": \"\\u0000\"}",
	};
	struct image_list l = { NULL, 5 };
	struct image_manifest m = { .layers = { NULL, 5 } };
	struct image_facts f = { .n = 5 };
	struct image_saved_list s = { NULL, 5 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct bytes text = text_of(bad[i]);

		assert_int_equal(image_json_index(&text, "x", &l), -EBADMSG);
		assert_int_equal(image_json_manifest(&text, "x", &m), -EBADMSG);
		assert_int_equal(image_json_config(&text, "x", &f), -EBADMSG);
		assert_int_equal(image_json_layout(&text, "x"), -EBADMSG);
		if (strcmp(bad[i], "[]"))
			assert_int_equal(image_json_saved(&text, "x", &s),
					 -EBADMSG);
	}
	assert_int_equal(l.n + m.layers.n + f.n + s.n, 20);
}

static void test_saved(void **state)
{
	struct bytes text = text_of(
		"[{\"Config\": \"c\", \"RepoTags\": null, \"Layers\": null},"
		"{\"Config\": \"d\", \"RepoTags\": [\"t\"],"
		" \"Layers\": [\"l\", \"m\"]}]");
	struct image_saved_list s;

	assert_int_equal(image_json_saved(&text, "manifest.json", &s), 0);
	assert_int_equal(s.n, 2);
	assert_null(s.at[0].tags[0]);
	assert_null(s.at[0].layers[0]);
	assert_string_equal(s.at[1].layers[1], "m");
	assert_null(s.at[1].layers[2]);
	image_saved_list_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_platform),
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_saved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
