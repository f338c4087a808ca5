// SPDX-License-Identifier: Apache-2.0
#include "mkimage/memo_record.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/manifest.h"

#define SIZE_MAX_RECORD (64 * 1024)

void memo_record_key(const struct memo_stamp *s, struct memo_key *ret)
{
	ret->fs = htobe64(s->fs);
	ret->dev = htobe64(s->dev);
	ret->ino = htobe64(s->ino);
}

static uint64_t checksum(const struct memo_key *key, const void *data,
			 size_t len)
{
	size_t skip = sizeof(uint64_t);

	return XXH3_64bits_withSeed((const char *)data + skip, len - skip,
				    XXH3_64bits(key, sizeof(*key)));
}

static struct memo_record make(const struct memo_stamp *s,
			       const struct manifest_entry *e,
			       const struct memo_place *p, uint32_t day)
{
	struct memo_record r = {
		.version = htole16(MEMO_RECORD_VERSION),
		.nxattrs = htole16((uint16_t)e->nxattrs),
		.day = htole32(day),
		.size = htole64(s->size),
		.mtime_sec = (int64_t)htole64((uint64_t)s->mtime.sec),
		.ctime_sec = (int64_t)htole64((uint64_t)s->ctime.sec),
		.btime_sec = (int64_t)htole64((uint64_t)s->btime.sec),
		.place_btime_sec = (int64_t)htole64((uint64_t)p->btime_sec),
		.mtime_nsec = htole32(s->mtime.nsec),
		.ctime_nsec = htole32(s->ctime.nsec),
		.btime_nsec = htole32(s->btime.nsec),
		.place_btime_nsec = htole32(p->btime_nsec),
		.place_ino = htole64(p->ino),
		.place_variant = htole32(p->variant),
	};

	memcpy(r.sha1, e->sha1.bytes, sizeof(r.sha1));
	memcpy(r.verity, e->verity.bytes, sizeof(r.verity));
	return r;
}

static int add_xattr(struct bytes *out, const struct manifest_xattr *x)
{
	size_t name_len = strlen(x->name);
	struct memo_xattr head = {
		.value_len = htole32((uint32_t)x->len),
		.name_len = htole16((uint16_t)name_len),
	};
	int r = bytes_add(out, &head, sizeof(head));

	if (!r)
		r = bytes_add(out, x->name, name_len);
	return r ? r : bytes_add(out, x->value, x->len);
}

static size_t size_of(const struct manifest_entry *e)
{
	size_t size = sizeof(struct memo_record);

	for (size_t i = 0; i < e->nxattrs; i++)
		size += sizeof(struct memo_xattr) + strlen(e->xattrs[i].name) +
			e->xattrs[i].len;
	return size;
}

int memo_record_add(struct bytes *out, const struct memo_stamp *s,
		    const struct manifest_entry *e, const struct memo_place *p,
		    uint32_t day)
{
	struct memo_record record = make(s, e, p, day);
	size_t before = out->len, at;
	struct memo_key key;
	int r;

	if (size_of(e) > SIZE_MAX_RECORD)
		return -E2BIG;
	memo_record_key(s, &key);
	r = bytes_add(out, &key, sizeof(key));
	at = out->len;
	if (!r)
		r = bytes_add(out, &record, sizeof(record));
	for (size_t i = 0; i < e->nxattrs && !r; i++)
		r = add_xattr(out, &e->xattrs[i]);
	if (r) {
		out->len = before;
		return r;
	}
	record.check = htole64(checksum(&key, out->data + at, out->len - at));
	memcpy(out->data + at, &record.check, sizeof(record.check));
	return 0;
}

/* Records need not be aligned where they lie. */
static bool get(const struct memo_key *key, const void *data, size_t len,
		struct memo_record *ret)
{
	if (len < sizeof(*ret))
		return false;
	memcpy(ret, data, sizeof(*ret));
	return le16toh(ret->version) == MEMO_RECORD_VERSION &&
	       le64toh(ret->check) == checksum(key, data, len);
}

static bool same_time(const struct memo_time *t, int64_t sec, uint32_t nsec)
{
	return t->sec == (int64_t)le64toh((uint64_t)sec) &&
	       t->nsec == le32toh(nsec);
}

static bool same_state(const struct memo_record *r, const struct memo_stamp *s)
{
	return le64toh(r->size) == s->size &&
	       same_time(&s->mtime, r->mtime_sec, r->mtime_nsec) &&
	       same_time(&s->ctime, r->ctime_sec, r->ctime_nsec) &&
	       same_time(&s->btime, r->btime_sec, r->btime_nsec);
}

/* The attribute at *at, which is moved behind it: -ENODATA if there is not all
 * of it. */
static int get_xattr(const char **at, const char *end,
		     struct manifest_xattr *ret)
{
	struct memo_xattr head;
	size_t name_len, value_len, left = (size_t)(end - *at);

	if (left < sizeof(head))
		return -ENODATA;
	memcpy(&head, *at, sizeof(head));
	name_len = le16toh(head.name_len);
	value_len = le32toh(head.value_len);
	*at += sizeof(head);
	left -= sizeof(head);
	if (left < name_len || left - name_len < value_len)
		return -ENODATA;
	ret->name = strndup(*at, name_len);
	ret->value = malloc(value_len + 1);
	if (!ret->name || !ret->value) {
		free(ret->name);
		free(ret->value);
		return -ENOMEM;
	}
	memcpy(ret->value, *at + name_len, value_len);
	ret->value[value_len] = '\0';
	ret->len = value_len;
	*at += name_len + value_len;
	return 0;
}

static int get_xattrs(const char *at, const char *end, size_t n,
		      struct manifest_entry *ret)
{
	int r = 0;

	if (!n)
		return at == end ? 0 : -ENODATA;
	ret->xattrs = calloc(n, sizeof(*ret->xattrs));
	if (!ret->xattrs)
		return -ENOMEM;
	while (ret->nxattrs < n && !r) {
		r = get_xattr(&at, end, &ret->xattrs[ret->nxattrs]);
		if (!r)
			ret->nxattrs++;
	}
	return r ? r : at == end ? 0 : -ENODATA;
}

int memo_record_use(const void *data, size_t len, const struct memo_stamp *s,
		    struct manifest_entry *e, struct memo_place *ret_place)
{
	struct manifest_entry attributes = { 0 };
	struct memo_record record;
	struct memo_key key;
	int r;

	memo_record_key(s, &key);
	if (!get(&key, data, len, &record) || !same_state(&record, s))
		return -ENODATA;
	r = get_xattrs((const char *)data + sizeof(record),
		       (const char *)data + len, le16toh(record.nxattrs),
		       &attributes);
	if (r) {
		manifest_entry_release(&attributes);
		return r;
	}
	e->xattrs = attributes.xattrs;
	e->nxattrs = attributes.nxattrs;
	e->has_digest = true;
	memcpy(e->sha1.bytes, record.sha1, sizeof(record.sha1));
	memcpy(e->verity.bytes, record.verity, sizeof(record.verity));
	ret_place->ino = le64toh(record.place_ino);
	ret_place->btime_sec =
		(int64_t)le64toh((uint64_t)record.place_btime_sec);
	ret_place->btime_nsec = le32toh(record.place_btime_nsec);
	ret_place->variant = le32toh(record.place_variant);
	return 0;
}

uint32_t memo_record_day(const struct memo_key *key, const void *data,
			 size_t len)
{
	struct memo_record record;

	return get(key, data, len, &record) ? le32toh(record.day) : 0;
}

void memo_record_touch(const struct memo_key *key, void *data, size_t len,
		       uint32_t day)
{
	struct memo_record record;

	memcpy(&record, data, sizeof(record));
	record.day = htole32(day);
	memcpy(data, &record, sizeof(record));
	record.check = htole64(checksum(key, data, len));
	memcpy(data, &record.check, sizeof(record.check));
}
