// SPDX-License-Identifier: Apache-2.0
#include "base/escape.h"

#include <errno.h>
#include <stdio.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

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

int escape_name(const char *name, struct bytes *out)
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

static int set(json_t *obj, const char *key, json_t *value)
{
	return json_object_set_new(obj, key, value) ? -ENOMEM : 0;
}

/* Escaped, and the bytes above 0x7f too: they are what made it no Unicode. */
static json_t *escaped_ascii(const char *name)
{
	_cleanup_bytes struct bytes escaped = BYTES_INIT;
	_cleanup_bytes struct bytes ascii = BYTES_INIT;
	const unsigned char *s;
	int r = escape_name(name, &escaped);

	if (r)
		return NULL;
	for (s = (const unsigned char *)escaped.data; s && *s && !r; s++)
		r = *s < 0x80 ? bytes_add(&ascii, s, 1) :
				bytes_addf(&ascii, "\\%03o", *s);
	return r ? NULL : json_string(ascii.data ? ascii.data : "");
}

int escape_json_name(json_t *obj, const char *key, const char *name)
{
	_cleanup_bytes struct bytes hexkey = BYTES_INIT;
	_cleanup_free char *hex = NULL;
	json_t *plain = json_string(name);
	int r;

	if (plain)
		return set(obj, key, plain);
	r = set(obj, key, escaped_ascii(name));
	if (r)
		return r;
	hex = malloc(2 * strlen(name) + 1);
	if (!hex)
		return -ENOMEM;
	bytes_to_hex(name, strlen(name), hex);
	r = bytes_addf(&hexkey, "%s_hex", key);
	return r ? r : set(obj, hexkey.data, json_string(hex));
}

void escape_undo_octal(char *s)
{
	char *out = s;
	unsigned int code;

	while (*s) {
		if (*s == '\\' && sscanf(s + 1, "%3o", &code) == 1) {
			*out++ = (char)code;
			s += 4;
		} else {
			*out++ = *s++;
		}
	}
	*out = '\0';
}
