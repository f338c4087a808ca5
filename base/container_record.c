// SPDX-License-Identifier: Apache-2.0
#include "base/container_record.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fileio.h"

#define RECORD_VERSION 1
#define RECORD_MAX (1 << 20)

static int read_record(int dirfd, const char *name, json_t **ret)
{
	_cleanup_bytes struct bytes text = BYTES_INIT;
	int err = fileio_read_file(dirfd, name, RECORD_MAX, &text);
	json_auto_t *root = NULL;
	json_int_t version;

	if (err)
		return err == -EFBIG ? -EBADMSG : err;
	root = json_loadb(text.data ? text.data : "", text.len,
			  JSON_REJECT_DUPLICATES, NULL);
	/* Nothing but the version is looked at before it is known. */
	if (!root || json_unpack(root, "{s:I}", "version", &version) ||
	    version < 1)
		return -EBADMSG;
	if (version > RECORD_VERSION)
		return -EPROTO;
	*ret = take_ptr(root);
	return 0;
}

static int write_record(int dirfd, const char *name, json_t *root)
{
	_cleanup_bytes struct bytes line = BYTES_INIT;
	_cleanup_free char *text = NULL;
	int err;

	if (json_object_set_new(root, "version", json_integer(RECORD_VERSION)))
		return -ENOMEM;
	text = json_dumps(root, JSON_INDENT(2) | JSON_SORT_KEYS);
	if (!text)
		return -ENOMEM;
	err = bytes_addf(&line, "%s\n", text);
	if (err)
		return err;
	return fileio_write_file(dirfd, name, line.data, line.len, 0600);
}

int container_record_write(int dirfd, const char *id,
			   const struct template_stack *stack, int64_t created)
{
	json_auto_t *root = json_pack("{s:s, s:I, s:[]}", "id", id, "created",
				      (json_int_t)created, "stack");
	json_t *refs = json_object_get(root, "stack");
	size_t i;

	if (!root)
		return -ENOMEM;
	for (i = 0; i < stack->n; i++) {
		const struct template_ref *ref = &stack->refs[i];

		if (json_array_append_new(refs,
					  json_pack("{s:s, s:s}", "name",
						    ref->name, "version",
						    ref->version)))
			return -ENOMEM;
	}
	return write_record(dirfd, CONTAINER_FILE, root);
}

/* Into a text that template_stack_parse() checks like any other. */
static int read_stack(json_t *refs, struct template_stack *ret)
{
	_cleanup_bytes struct bytes text = BYTES_INIT;
	const char *name, *version;
	json_t *ref;
	size_t i;
	int err;

	json_array_foreach(refs, i, ref) {
		if (json_unpack(ref, "{s:s, s:s}", "name", &name, "version",
				&version) ||
		    !store_template_name_ok(name) ||
		    strlen(version) != STORE_VERSION_HEX)
			return -EBADMSG;
		err = bytes_addf(&text, "%s%s@%s", i ? ":" : "", name, version);
		if (err)
			return err;
	}
	err = template_stack_parse(text.data ? text.data : "", ret);
	return err == -EINVAL ? -EBADMSG : err;
}

int container_record_read(int dirfd, const char *id, struct container *ret)
{
	struct container c = { 0 };
	json_auto_t *root = NULL;
	json_int_t created;
	const char *name;
	json_t *refs;
	int err = read_record(dirfd, CONTAINER_FILE, &root);

	if (err)
		return err == -ENOENT ? -EBADMSG : err;
	if (json_unpack(root, "{s:s, s:I, s:o}", "id", &name, "created",
			&created, "stack", &refs) ||
	    !json_is_array(refs) || strcmp(name, id) != 0)
		return -EBADMSG;
	err = read_stack(refs, &c.stack);
	if (err)
		return err;
	c.id = strdup(name);
	c.created = created;
	if (!c.id) {
		container_release(&c);
		return -ENOMEM;
	}
	*ret = c;
	return 0;
}

/* JSON is UTF-8, a path is any bytes: what is not UTF-8 goes as hex. */
static json_t *pack_path(const char *path, const char **ret_key)
{
	json_t *text = json_string(path);
	_cleanup_free char *hex = NULL;

	*ret_key = "mountpoint";
	if (text)
		return text;
	*ret_key = "mountpoint_hex";
	hex = malloc(2 * strlen(path) + 1);
	if (!hex)
		return NULL;
	bytes_to_hex(path, strlen(path), hex);
	return json_string(hex);
}

int container_record_write_mount(int dirfd, const struct container_mount *m)
{
	json_auto_t *root = json_pack("{s:I, s:I}", "pid", (json_int_t)m->pid,
				      "since", (json_int_t)m->since);
	const char *key;
	json_t *path = pack_path(m->mountpoint, &key);

	/* Frees `path` and fails if either is NULL. */
	if (json_object_set_new(root, key, path))
		return -ENOMEM;
	return write_record(dirfd, CONTAINER_MOUNT_FILE, root);
}

static int unpack_path(json_t *root, char **ret)
{
	const char *text = json_string_value(json_object_get(root,
							     "mountpoint"));
	const char *hex = json_string_value(json_object_get(root,
							    "mountpoint_hex"));
	_cleanup_free char *path = NULL;
	size_t len;

	if (!text && !hex)
		return -EBADMSG;
	if (text) {
		path = strdup(text);
		if (!path)
			return -ENOMEM;
	} else {
		len = strlen(hex);
		path = calloc(1, len / 2 + 1);
		if (!path)
			return -ENOMEM;
		if (bytes_from_hex(hex, len, path, len / 2))
			return -EBADMSG;
	}
	*ret = take_ptr(path);
	return 0;
}

int container_record_read_mount(int dirfd, struct container_mount *ret)
{
	struct container_mount m = { 0 };
	json_auto_t *root = NULL;
	json_int_t pid, since;
	int err = read_record(dirfd, CONTAINER_MOUNT_FILE, &root);

	if (err)
		return err;
	if (json_unpack(root, "{s:I, s:I}", "pid", &pid, "since", &since) ||
	    pid < 1 || pid > INT32_MAX)
		return -EBADMSG;
	err = unpack_path(root, &m.mountpoint);
	if (err)
		return err;
	m.pid = pid;
	m.since = since;
	*ret = m;
	return 0;
}
