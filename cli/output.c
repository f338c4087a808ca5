// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/escape.h"

#define VERSION_SHOWN 12

int output_name(const char *prefix, const char *name)
{
	_cleanup_bytes struct bytes line = BYTES_INIT;
	int r = escape_name(name, &line);

	if (r)
		return r;
	printf("%s%s\n", prefix, line.data ? line.data : "");
	return 0;
}

int output_set(json_t *obj, const char *key, json_t *value)
{
	return json_object_set_new(obj, key, value) ? -ENOMEM : 0;
}

int output_json(json_t *value)
{
	int r;

	if (!value)
		return -ENOMEM;
	r = json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
	json_decref(value);
	putchar('\n');
	return r ? -EIO : 0;
}

int output_mount(const char *id, const char *mountpoint)
{
	json_t *obj = json_pack("{s:s}", "id", id);
	int r;

	if (!obj)
		return -ENOMEM;
	r = escape_json_name(obj, "mountpoint", mountpoint);
	if (!r)
		return output_json(obj);
	json_decref(obj);
	return r;
}

char *output_stack(const struct template_stack *s)
{
	_cleanup_bytes struct bytes b = BYTES_INIT;
	size_t i;

	for (i = 0; i < s->n; i++)
		if (bytes_addf(&b, "%s%s@%.*s", i ? ":" : "", s->refs[i].name,
			       VERSION_SHOWN, s->refs[i].version))
			return NULL;
	return bytes_take(&b);
}

json_t *output_json_stack(const struct template_stack *s)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < s->n; i++)
		if (json_array_append_new(
			    array, json_pack("{s:s, s:s}", "name",
					     s->refs[i].name, "version",
					     s->refs[i].version))) {
			json_decref(array);
			return NULL;
		}
	return array;
}

void output_time(int64_t t, char buf[static OUTPUT_TIME])
{
	time_t when = t;
	struct tm tm;

	if (!gmtime_r(&when, &tm) ||
	    !strftime(buf, OUTPUT_TIME, "%Y-%m-%dT%H:%M:%SZ", &tm))
		snprintf(buf, OUTPUT_TIME, "?");
}
