// SPDX-License-Identifier: Apache-2.0
/*
 * Manifest lines and back.  The escapes are those of composefs-dump(5): all
 * that is not a visible ASCII character is \xXY, but for \\, \n, \r and \t;
 * '=' is escaped in attributes only; a lone "-" means "not set" in an optional
 * field, so the value "-" is written \x2d.
 */
#include "base/manifest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

#define FIXED_FIELDS 11
#define NSEC_PER_SEC 1000000000u

enum field {
	F_PATH,
	F_SIZE,
	F_MODE,
	F_NLINK,
	F_UID,
	F_GID,
	F_RDEV,
	F_MTIME,
	F_PAYLOAD,
	F_CONTENT,
	F_DIGEST,
};

/* A piece of a line, not NUL-terminated. */
struct slice {
	const char *p;
	size_t len;
};

struct manifest_reader {
	FILE *f;
	char *line;
	size_t size;
	unsigned long number;
	char *previous; /* path of the entry before */
};

void manifest_entry_release(struct manifest_entry *e)
{
	for (size_t i = 0; i < e->nxattrs; i++) {
		free(e->xattrs[i].name);
		free(e->xattrs[i].value);
	}
	free(e->xattrs);
	free(e->path);
	free(e->target);
	memset(e, 0, sizeof(*e));
}

/* Absolute and normalised. */
static bool path_ok(const char *path)
{
	if (path[0] != '/')
		return false;
	if (!path[1])
		return true;
	for (const char *p = path; *p;) {
		size_t n = strcspn(++p, "/");

		if (!n || (n == 1 && p[0] == '.') ||
		    (n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		p += n;
	}
	return true;
}

static bool type_ok(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
	case S_IFLNK:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
		return !(mode & ~(S_IFMT | 07777));
	}
	return false;
}

/* What both directions demand of an entry. */
static bool entry_ok(const struct manifest_entry *e)
{
	if (!e->path || !path_ok(e->path) || !type_ok(e->mode) ||
	    e->mtime_nsec >= NSEC_PER_SEC)
		return false;
	if (e->hardlink)
		return !S_ISDIR(e->mode) && e->target && path_ok(e->target) &&
		       strcmp(e->target, e->path) < 0;
	if (S_ISLNK(e->mode))
		return e->target && e->target[0];
	if (!strcmp(e->path, "/") && !S_ISDIR(e->mode))
		return false;
	return !e->target;
}

/* In order, no name twice, no name empty. */
static bool xattrs_ok(const struct manifest_entry *e)
{
	const char *previous = "";

	for (size_t i = 0; i < e->nxattrs; i++) {
		if (strcmp(previous, e->xattrs[i].name) >= 0)
			return false;
		previous = e->xattrs[i].name;
	}
	return true;
}

static int add_escaped(struct bytes *out, const void *data, size_t len,
		       bool in_xattr)
{
	const unsigned char *p = data;
	size_t plain = 0;
	int r = 0;

	for (size_t i = 0; i < len && !r; i++) {
		unsigned char c = p[i];
		const char *special = NULL;

		if (c == '\\')
			special = "\\\\";
		else if (c == '\n')
			special = "\\n";
		else if (c == '\r')
			special = "\\r";
		else if (c == '\t')
			special = "\\t";
		else if (c > ' ' && c < 0x7f && !(c == '=' && in_xattr))
			continue;
		r = bytes_add(out, p + plain, i - plain);
		plain = i + 1;
		if (!r)
			r = special ? bytes_adds(out, special)
				    : bytes_addf(out, "\\x%02x", c);
	}
	return r ? r : bytes_add(out, p + plain, len - plain);
}

/* An optional field: "-" when not set. */
static int add_optional(struct bytes *out, const char *s)
{
	if (!s)
		return bytes_adds(out, "-");
	if (!strcmp(s, "-"))
		return bytes_adds(out, "\\x2d");
	return add_escaped(out, s, strlen(s), false);
}

static int add_payload(const struct manifest_entry *e, struct bytes *out)
{
	char hex[SHA1_HEX + 1];

	if (e->hardlink || !S_ISREG(e->mode))
		return add_optional(out, e->target);
	bytes_to_hex(e->sha1.bytes, sizeof(e->sha1.bytes), hex);
	return bytes_addf(out, "%.2s/%s", hex, hex + 2);
}

static int add_xattrs(const struct manifest_entry *e, struct bytes *out)
{
	int r = 0;

	for (size_t i = 0; i < e->nxattrs && !r; i++) {
		const struct manifest_xattr *x = &e->xattrs[i];

		r = bytes_adds(out, " ");
		if (!r)
			r = add_escaped(out, x->name, strlen(x->name), true);
		if (!r)
			r = bytes_adds(out, "=");
		if (!r)
			r = add_escaped(out, x->value, x->len, true);
	}
	return r;
}

static int add_line(const struct manifest_entry *e, struct bytes *out)
{
	char digest[SHA256_HEX + 1] = "-";
	int r;

	if (e->has_digest)
		bytes_to_hex(e->verity.bytes, sizeof(e->verity.bytes), digest);
	r = add_escaped(out, e->path, strlen(e->path), false);
	if (!r)
		r = bytes_addf(out,
			       " %" PRIu64 " %s%o %" PRIu32 " %" PRIu32
			       " %" PRIu32 " %" PRIu64 " %" PRId64
			       ".%" PRIu32 " ",
			       e->size, e->hardlink ? "@" : "",
			       (unsigned int)e->mode, e->nlink, e->uid, e->gid,
			       e->rdev, e->mtime_sec, e->mtime_nsec);
	if (!r)
		r = add_payload(e, out);
	if (!r)
		r = bytes_addf(out, " - %s", digest);
	if (!r)
		r = add_xattrs(e, out);
	if (!r)
		r = bytes_adds(out, "\n");
	return r;
}

int manifest_format(const struct manifest_entry *e, struct bytes *out)
{
	size_t len = out->len;
	int r;

	if (!entry_ok(e) || !xattrs_ok(e))
		return -EINVAL;
	r = add_line(e, out);
	if (r && out->data) {
		out->len = len;
		out->data[len] = '\0';
	}
	return r;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* One escape at p, which points behind the backslash: bytes used, or 0. */
static size_t unescape_one(const char *p, size_t len, char *ret)
{
	int high, low;

	if (!len)
		return 0;
	switch (p[0]) {
	case '\\':
		*ret = '\\';
		return 1;
	case 'n':
		*ret = '\n';
		return 1;
	case 'r':
		*ret = '\r';
		return 1;
	case 't':
		*ret = '\t';
		return 1;
	case 'x':
		if (len < 3)
			return 0;
		high = hex_digit(p[1]);
		low = hex_digit(p[2]);
		if (high < 0 || low < 0)
			return 0;
		*ret = (char)(high << 4 | low);
		return 3;
	}
	return 0;
}

/* A new NUL-terminated copy without escapes. */
static int unescape(struct slice s, char **ret, size_t *ret_len)
{
	_cleanup_free char *out = malloc(s.len + 1);
	size_t n = 0;

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];
		size_t used;

		if (c <= ' ' || c >= 0x7f)
			return -EBADMSG;
		if (c != '\\') {
			out[n++] = (char)c;
			continue;
		}
		used = unescape_one(s.p + i + 1, s.len - i - 1, &out[n++]);
		if (!used)
			return -EBADMSG;
		i += used;
	}
	out[n] = '\0';
	*ret = take_ptr(out);
	*ret_len = n;
	return 0;
}

/* As unescape(), for text: no NUL inside. */
static int unescape_text(struct slice s, char **ret)
{
	_cleanup_free char *text = NULL;
	size_t len;
	int r = unescape(s, &text, &len);

	if (r)
		return r;
	if (strlen(text) != len)
		return -EBADMSG;
	*ret = take_ptr(text);
	return 0;
}

static bool is_unset(struct slice s)
{
	return s.len == 1 && s.p[0] == '-';
}

/* Digits only, no leading zeros, so that one number has one spelling. */
static int parse_number(struct slice s, unsigned int base, uint64_t max,
			uint64_t *ret)
{
	uint64_t v = 0;

	if (!s.len || (s.len > 1 && s.p[0] == '0'))
		return -EBADMSG;
	for (size_t i = 0; i < s.len; i++) {
		int d = hex_digit(s.p[i]);

		if (d < 0 || (unsigned int)d >= base ||
		    __builtin_mul_overflow(v, (uint64_t)base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)d, &v) || v > max)
			return -EBADMSG;
	}
	*ret = v;
	return 0;
}

static int parse_u32(struct slice s, uint32_t *ret)
{
	uint64_t v;
	int r = parse_number(s, 10, UINT32_MAX, &v);

	if (!r)
		*ret = (uint32_t)v;
	return r;
}

static int parse_mode(struct slice s, struct manifest_entry *e)
{
	uint64_t v;
	int r;

	if (s.len && s.p[0] == '@') {
		e->hardlink = true;
		s.p++;
		s.len--;
	}
	r = parse_number(s, 8, UINT32_MAX, &v);
	if (!r)
		e->mode = (mode_t)v;
	return r;
}

/* SECONDS.NANOSECONDS, two numbers and not a fraction. */
static int parse_mtime(struct slice s, struct manifest_entry *e)
{
	bool negative = s.len && s.p[0] == '-';
	const char *dot = memchr(s.p, '.', s.len);
	struct slice sec, nsec;
	uint64_t v, n;

	if (!dot)
		return -EBADMSG;
	sec.p = s.p + negative;
	sec.len = (size_t)(dot - sec.p);
	nsec.p = dot + 1;
	nsec.len = s.len - (size_t)(nsec.p - s.p);
	if (parse_number(sec, 10, INT64_MAX, &v) || (negative && !v) ||
	    parse_number(nsec, 10, NSEC_PER_SEC - 1, &n))
		return -EBADMSG;
	e->mtime_sec = negative ? -(int64_t)v : (int64_t)v;
	e->mtime_nsec = (uint32_t)n;
	return 0;
}

static int parse_payload(struct slice s, struct manifest_entry *e)
{
	char hex[SHA1_HEX];

	if (e->hardlink || !S_ISREG(e->mode)) {
		if (is_unset(s))
			return 0;
		return unescape_text(s, &e->target);
	}
	if (s.len != SHA1_HEX + 1 || s.p[2] != '/')
		return -EBADMSG;
	memcpy(hex, s.p, 2);
	memcpy(hex + 2, s.p + 3, SHA1_HEX - 2);
	if (bytes_from_hex(hex, SHA1_HEX, e->sha1.bytes, sizeof(e->sha1.bytes)))
		return -EBADMSG;
	return 0;
}

static int parse_digest(struct slice s, struct manifest_entry *e)
{
	if (is_unset(s))
		return 0;
	if (!S_ISREG(e->mode) || s.len != SHA256_HEX ||
	    bytes_from_hex(s.p, s.len, e->verity.bytes,
			   sizeof(e->verity.bytes)))
		return -EBADMSG;
	e->has_digest = true;
	return 0;
}

static int parse_fixed(const struct slice *f, struct manifest_entry *e)
{
	int r;

	if (parse_number(f[F_SIZE], 10, UINT64_MAX, &e->size) ||
	    parse_mode(f[F_MODE], e) || parse_u32(f[F_NLINK], &e->nlink) ||
	    parse_u32(f[F_UID], &e->uid) || parse_u32(f[F_GID], &e->gid) ||
	    parse_number(f[F_RDEV], 10, UINT64_MAX, &e->rdev) ||
	    parse_mtime(f[F_MTIME], e) || parse_digest(f[F_DIGEST], e) ||
	    !is_unset(f[F_CONTENT]))
		return -EBADMSG;
	r = unescape_text(f[F_PATH], &e->path);
	if (!r)
		r = parse_payload(f[F_PAYLOAD], e);
	if (!r && !entry_ok(e))
		r = -EBADMSG;
	return r;
}

static int parse_xattr(struct slice s, struct manifest_entry *e)
{
	const char *equal = memchr(s.p, '=', s.len);
	struct manifest_xattr *grown;
	struct manifest_xattr x = { NULL, NULL, 0 };
	int r;

	if (!equal)
		return -EBADMSG;
	grown = reallocarray(e->xattrs, e->nxattrs + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	e->xattrs = grown;
	r = unescape_text((struct slice){ s.p, (size_t)(equal - s.p) },
			  &x.name);
	if (r)
		return r;
	equal++;
	r = unescape((struct slice){ equal, s.len - (size_t)(equal - s.p) },
		     &x.value, &x.len);
	if (r) {
		free(x.name);
		return r;
	}
	grown[e->nxattrs++] = x;
	return 0;
}

/* Cuts the next field off *rest: false at the end of the line. */
static bool next_field(struct slice *rest, struct slice *ret)
{
	const char *blank;

	if (!rest->p)
		return false;
	blank = memchr(rest->p, ' ', rest->len);
	ret->p = rest->p;
	if (!blank) {
		ret->len = rest->len;
		rest->p = NULL;
		return true;
	}
	ret->len = (size_t)(blank - rest->p);
	rest->len -= ret->len + 1;
	rest->p = blank + 1;
	return true;
}

static int parse_line(struct slice rest, struct manifest_entry *e)
{
	struct slice fields[FIXED_FIELDS], field;
	int r;

	for (int i = 0; i < FIXED_FIELDS; i++)
		if (!next_field(&rest, &fields[i]))
			return -EBADMSG;
	r = parse_fixed(fields, e);
	while (!r && next_field(&rest, &field))
		r = parse_xattr(field, e);
	if (!r && !xattrs_ok(e))
		r = -EBADMSG;
	return r;
}

int manifest_parse(const char *line, size_t len, struct manifest_entry *ret)
{
	struct manifest_entry e = { 0 };
	int r = parse_line((struct slice){ line, len }, &e);

	if (r)
		manifest_entry_release(&e);
	else
		*ret = e;
	return r;
}

int manifest_reader_new(struct manifest_reader **ret, FILE *f)
{
	struct manifest_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->f = f;
	*ret = r;
	return 0;
}

/* "/" first, then upwards, so that a directory stands before its content. */
static bool in_order(const struct manifest_reader *r, const char *path)
{
	if (!r->previous)
		return !strcmp(path, "/");
	return strcmp(r->previous, path) < 0;
}

int manifest_reader_next(struct manifest_reader *r, struct manifest_entry *ret)
{
	struct manifest_entry e;
	ssize_t len;
	int error;

	errno = 0;
	len = getline(&r->line, &r->size, r->f);
	if (len < 0) {
		if (!feof(r->f) || errno == ENOMEM)
			return errno ? -errno : -EIO;
		return 0;
	}
	r->number++;
	if (len && r->line[len - 1] == '\n')
		len--;
	error = manifest_parse(r->line, (size_t)len, &e);
	if (error)
		return error;
	if (!in_order(r, e.path)) {
		manifest_entry_release(&e);
		return -EBADMSG;
	}
	free(r->previous);
	r->previous = strdup(e.path);
	if (!r->previous) {
		manifest_entry_release(&e);
		return -ENOMEM;
	}
	*ret = e;
	return 1;
}

unsigned long manifest_reader_line(const struct manifest_reader *r)
{
	return r->number;
}

void manifest_reader_free(struct manifest_reader *r)
{
	if (!r)
		return;
	free(r->line);
	free(r->previous);
	free(r);
}
