// SPDX-License-Identifier: Apache-2.0
/* diff: what differs between two versions, from their manifests. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/log.h"
#include "mkimage/catalog.h"
#include "mkimage/cmd.h"
#include "mkimage/manifest_diff.h"

static const struct {
	enum manifest_change bit;
	const char *name;
} changes[] = {
	{ CHANGE_TYPE, "type" },   { CHANGE_CONTENT, "content" },
	{ CHANGE_MODE, "mode" },   { CHANGE_OWNER, "owner" },
	{ CHANGE_TIME, "time" },   { CHANGE_XATTRS, "xattrs" },
	{ CHANGE_LINKS, "links" },
};

#define NCHANGES (sizeof(changes) / sizeof(changes[0]))

static json_t *what_to_json(unsigned int what)
{
	json_t *array = json_array();

	for (size_t i = 0; i < NCHANGES && array; i++)
		if (what & changes[i].bit &&
		    json_array_append_new(array,
					  json_string(changes[i].name))) {
			json_decref(array);
			array = NULL;
		}
	return array;
}

static int add_json(void *arg, char kind, const char *path, unsigned int what)
{
	json_t *array = arg, *json;

	/* append_new takes a NULL for an error, and the reference. */
	json = json_pack("{s:s#, s:o}", "change", &kind, 1, "what",
			 what_to_json(what));
	if (json_array_append_new(array, json))
		return -ENOMEM;
	return escape_json_name(json, "path", path);
}

static int print(void *arg, char kind, const char *path, unsigned int what)
{
	_cleanup_bytes struct bytes line = BYTES_INIT;
	int r = escape_name(path, &line);
	const char *before = " (";

	for (size_t i = 0; i < NCHANGES && !r; i++) {
		if (!(what & changes[i].bit))
			continue;
		r = bytes_addf(&line, "%s%s", before, changes[i].name);
		before = ", ";
	}
	if (!r && what)
		r = bytes_adds(&line, ")");
	if (!r)
		printf("%c %s\n", kind, line.data);
	return r;
}

/* An exit status, or -1 with the manifest opened. */
static int open_manifest(int storefd, const char *text, FILE **ret)
{
	_cleanup_free char *version = NULL, *path = NULL;
	_cleanup_fd int fd = -1;
	struct template_stack ref;
	int r = catalog_parse(text, &ref);

	if (r)
		return cmd_bad_reference(text, r);
	r = template_stack_resolve(storefd, &ref, NULL);
	if (!r) {
		version = template_path(ref.refs[0].name, ref.refs[0].version);
		if (!version || asprintf(&path, "%s/manifest", version) < 0)
			path = NULL;
	}
	template_stack_release(&ref);
	if (r)
		return cmd_bad_reference(text, r);
	if (path)
		fd = openat(storefd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	*ret = fd < 0 ? NULL : fdopen(fd, "r");
	if (!*ret) {
		log_error(path ? -errno : -ENOMEM, "%s: manifest", text);
		return CMD_FAILED;
	}
	take_fd(&fd);
	return -1;
}

static int diff(const struct cmd_context *c, char **names, FILE *a, FILE *b)
{
	struct manifest_diff_error where = { 0, 0 };
	json_t *array = c->json ? json_array() : NULL;
	int r = c->json && !array ? -ENOMEM : 0;

	if (!r)
		r = manifest_diff(a, b, array ? add_json : print, array,
				  &where);
	if (!r)
		return array ? cmd_print_json(array) : cmd_flush();
	json_decref(array);
	log_error(r, "%s: manifest, line %lu", names[where.side], where.line);
	return CMD_FAILED;
}

int cmd_diff(const struct cmd_context *c, int argc, char **argv)
{
	_cleanup_file FILE *a = NULL, *b = NULL;
	_cleanup_fd int storefd = cmd_open_store(c, false);
	int status = CMD_FAILED;

	if (storefd >= 0)
		status = open_manifest(storefd, argv[0], &a);
	if (status < 0)
		status = open_manifest(storefd, argv[1], &b);
	return status < 0 ? diff(c, argv, a, b) : status;
}
