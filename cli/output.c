// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/cleanup.h"

#define VERSION_SHOWN 12

static char escape_letter(unsigned char ch)
{
	static const char from[] = "\a\b\t\n\v\f\r\\";
	static const char to[] = "abtnvfr\\";
	const char *p = ch ? strchr(from, ch) : NULL;

	return p ? to[p - from] : '\0';
}

/*
 * What a terminal could take for a command: C0, DEL, and C1, which UTF-8
 * writes as 0xc2 and 0x80 to 0x9f.  *ret_len says how many bytes it has.
 */
static bool is_control(const unsigned char *s, int *ret_len)
{
	*ret_len = 1;
	if (s[0] < 0x20 || s[0] == 0x7f)
		return true;
	*ret_len = 2;
	return s[0] == 0xc2 && s[1] >= 0x80 && s[1] <= 0x9f;
}

int output_escape(const char *name, struct bytes *out)
{
	const unsigned char *s = (const unsigned char *)name;
	int len, r = 0;

	for (; *s && !r; s++) {
		if (escape_letter(*s)) {
			r = bytes_addf(out, "\\%c", escape_letter(*s));
		} else if (is_control(s, &len)) {
			r = bytes_addf(out, "\\%03o", *s);
			if (!r && len == 2)
				r = bytes_addf(out, "\\%03o", *++s);
		} else {
			r = bytes_add(out, s, 1);
		}
	}
	return r;
}

int output_name(const char *prefix, const char *name)
{
	_cleanup_bytes struct bytes line = BYTES_INIT;
	int r = output_escape(name, &line);

	if (r)
		return r;
	printf("%s%s\n", prefix, line.data ? line.data : "");
	return 0;
}

int output_set(json_t *obj, const char *key, json_t *value)
{
	return json_object_set_new(obj, key, value) ? -ENOMEM : 0;
}

/* Escaped, and the bytes above 0x7f too: they are what made it no Unicode. */
static json_t *escaped_ascii(const char *name)
{
	_cleanup_bytes struct bytes escaped = BYTES_INIT;
	_cleanup_bytes struct bytes ascii = BYTES_INIT;
	const unsigned char *s;
	int r = output_escape(name, &escaped);

	if (r)
		return NULL;
	for (s = (const unsigned char *)escaped.data; s && *s && !r; s++)
		r = *s < 0x80 ? bytes_add(&ascii, s, 1) :
				bytes_addf(&ascii, "\\%03o", *s);
	return r ? NULL : json_string(ascii.data ? ascii.data : "");
}

int output_json_name(json_t *obj, const char *key, const char *name)
{
	_cleanup_bytes struct bytes hexkey = BYTES_INIT;
	_cleanup_free char *hex = NULL;
	json_t *plain = json_string(name);
	int r;

	if (plain)
		return output_set(obj, key, plain);
	r = output_set(obj, key, escaped_ascii(name));
	if (r)
		return r;
	hex = malloc(2 * strlen(name) + 1);
	if (!hex)
		return -ENOMEM;
	bytes_to_hex(name, strlen(name), hex);
	r = bytes_addf(&hexkey, "%s_hex", key);
	return r ? r : output_set(obj, hexkey.data, json_string(hex));
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
	r = output_json_name(obj, "mountpoint", mountpoint);
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
