// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 64

void bytes_release(struct bytes *b)
{
	free(b->data);
	*b = (struct bytes)BYTES_INIT;
}

/* Room for `more` bytes and the NUL behind them. */
static int reserve(struct bytes *b, size_t more)
{
	size_t need, size = b->size ? b->size : FIRST_SIZE;
	char *data;

	if (__builtin_add_overflow(b->len, more, &need) ||
	    __builtin_add_overflow(need, 1, &need))
		return -ENOMEM;
	if (need <= b->size)
		return 0;
	while (size < need)
		if (__builtin_mul_overflow(size, 2, &size))
			size = need;
	data = realloc(b->data, size);
	if (!data)
		return -ENOMEM;
	b->data = data;
	b->size = size;
	b->data[b->len] = '\0';
	return 0;
}

int bytes_add(struct bytes *b, const void *data, size_t len)
{
	int err = reserve(b, len);

	if (err)
		return err;
	if (len > 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
	return 0;
}

int bytes_adds(struct bytes *b, const char *s)
{
	return bytes_add(b, s, strlen(s));
}

int bytes_addf(struct bytes *b, const char *fmt, ...)
{
	va_list ap;
	int n, err;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return -ENOMEM;
	err = reserve(b, n);
	if (err)
		return err;
	va_start(ap, fmt);
	vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += n;
	return 0;
}

char *bytes_take(struct bytes *b)
{
	char *ret;

	if (reserve(b, 0))
		return NULL;
	ret = b->data;
	*b = (struct bytes)BYTES_INIT;
	return ret;
}

int bytes_parse_u64(const char *s, uint64_t *ret)
{
	uint64_t v = 0;
	const char *p;

	if (!*s)
		return -EINVAL;
	/* All of it first: what is no number is -EINVAL however long. */
	for (p = s; *p; p++)
		if (*p < '0' || *p > '9')
			return -EINVAL;
	for (p = s; *p; p++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return -ERANGE;
	*ret = v;
	return 0;
}

int bytes_parse_size(const char *s, uint64_t *ret)
{
	static const char units[] = "kmgtpe";
	size_t len = strlen(s);
	const char *unit = NULL;
	char digits[24];
	unsigned int shift;
	uint64_t n;
	int r;

	if (len)
		unit = memchr(units, s[len - 1] | 0x20, sizeof(units) - 1);
	if (unit)
		len--;
	if (len >= sizeof(digits))
		return -ERANGE;
	memcpy(digits, s, len);
	digits[len] = '\0';
	r = bytes_parse_u64(digits, &n);
	if (r)
		return r;
	shift = unit ? 10 * (unsigned int)(unit - units + 1) : 0;
	if (shift && n >> (64 - shift))
		return -ERANGE;
	*ret = n << shift;
	return 0;
}

void bytes_to_hex(const void *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = data;
	size_t i;

	for (i = 0; i < len; i++) {
		*out++ = digits[p[i] >> 4];
		*out++ = digits[p[i] & 15];
	}
	*out = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int bytes_from_hex(const char *hex, size_t hexlen, void *data, size_t len)
{
	unsigned char *p = data;
	size_t i;

	if (hexlen % 2 || hexlen / 2 != len)
		return -EINVAL;
	for (i = 0; i < hexlen; i++)
		if (hex_digit(hex[i]) < 0)
			return -EINVAL;
	for (i = 0; i < len; i++)
		p[i] = hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]);
	return 0;
}
