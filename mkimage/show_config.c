// SPDX-License-Identifier: Apache-2.0
#include "mkimage/show_config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/store.h"
#include "mkimage/image_config.h"

/* What an image says may hold anything, and goes to a terminal: in JSON's
 * notation nothing of it is a control sequence. */
#define DUMP_FLAGS (JSON_ENCODE_ANY | JSON_ENSURE_ASCII)

static int read_config(int storefd, const char *path, json_t **ret)
{
	_cleanup_fd int fd = openat(storefd, path, O_PATH | O_DIRECTORY |
							   O_NOFOLLOW |
							   O_CLOEXEC);
	_cleanup_bytes struct bytes text = BYTES_INIT;
	json_t *config, *process;
	int r;

	if (fd < 0)
		return -errno;
	r = image_config_read(fd, &text);
	if (!r)
		r = image_config_parse(&text, &config);
	if (r)
		return r;
	process = image_config_process(config);
	json_decref(config);
	if (!process)
		return -ENOMEM;
	*ret = process;
	return 0;
}

int show_config_read(int storefd, const char *name, const char *version,
		     json_t **ret)
{
	_cleanup_free char *path = template_path(name, version);
	json_t *process = NULL;
	int r = path ? read_config(storefd, path, &process) : -ENOMEM;

	if (r && r != -ENOENT) {
		log_error(r, "%s@%s: the image's configuration", name, version);
		return r;
	}
	*ret = process;
	return 0;
}

static void print_value(const char *label, const json_t *value)
{
	_cleanup_free char *text = json_dumps(value, DUMP_FLAGS);

	printf("%-12s%s\n", label, text ? text : "?");
}

static void print_string(const char *label, const json_t *value)
{
	_cleanup_free char *text = json_dumps(value, DUMP_FLAGS);
	size_t len = text ? strlen(text) : 0;

	if (len <= 2) /* "" */
		return;
	printf("%-12s%.*s\n", label, (int)len - 2, text + 1);
}

static void print_each(const char *label, const json_t *values)
{
	const json_t *value;
	size_t i;

	json_array_foreach(values, i, value)
		print_value(i ? "" : label, value);
}

static void print_labels(const json_t *labels)
{
	const char *label = "labels:", *key;
	json_t *value, *pair;

	json_object_foreach((json_t *)labels, key, value) {
		pair = json_sprintf("%s=%s", key,
				    json_is_string(value)
					    ? json_string_value(value)
					    : "");
		print_value(label, pair);
		json_decref(pair);
		label = "";
	}
}

void show_config_print(const json_t *process)
{
	const json_t *value;

	if (!process)
		return;
	value = json_object_get(process, "Entrypoint");
	if (value)
		print_value("entrypoint:", value);
	value = json_object_get(process, "Cmd");
	if (value)
		print_value("command:", value);
	print_each("env:", json_object_get(process, "Env"));
	value = json_object_get(process, "User");
	if (json_is_string(value))
		print_string("user:", value);
	value = json_object_get(process, "WorkingDir");
	if (json_is_string(value))
		print_string("directory:", value);
	print_labels(json_object_get(process, "Labels"));
}
