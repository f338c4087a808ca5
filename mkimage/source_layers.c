// SPDX-License-Identifier: Apache-2.0
#include "mkimage/source_layers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "mkimage/tar.h"

#define WHITEOUT ".wh."
#define OPAQUE ".wh..wh..opq"
#define RESERVED ".wh..wh." /* AUFS's own, but for the one above */

static struct layers *from_source(struct source *s)
{
	return (struct layers *)((char *)s - offsetof(struct layers, source));
}

static bool starts_with(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

static int open_layer(struct layers *l)
{
	const struct blob_digest *id = &l->facts.diff_ids[l->i];
	struct stream *raw, *unpacked;
	int r;

	snprintf(l->name, sizeof(l->name), "layer %zu (%s)", l->i, id->text);
	r = l->ops->open(l, l->i, &raw);
	if (!r)
		r = blob_unpack(raw, l->name, &unpacked);
	if (!r)
		r = blob_verify(unpacked, id, BLOB_SIZE_UNKNOWN, l->name,
				&l->stream);
	if (!r)
		r = tar_open(l->stream, &l->source, l->name, TAR_VERIFIED,
			     &l->tar);
	return r;
}

static void close_layer(struct layers *l)
{
	tar_close(l->tar);
	stream_close(l->stream);
	l->tar = NULL;
	l->stream = NULL;
}

/* Behind the end mark there may be more, and only then the digests. */
static int finish_layer(struct layers *l)
{
	int r = stream_drain(l->stream);

	close_layer(l);
	l->i++;
	return r;
}

/* Nothing but the path is left of the entry. */
static void become(struct source_item *item, enum source_kind kind)
{
	char *path = take_ptr(item->entry.path);

	manifest_entry_release(&item->entry);
	item->entry = (struct manifest_entry){ .path = path };
	item->kind = kind;
}

/* 1, 0 for what is to be left out, or -EBADMSG. */
static int classify(struct source_item *item)
{
	char *path = item->entry.path, *name = strrchr(path, '/') + 1;
	const char *hidden = name + strlen(WHITEOUT);

	if (!strcmp(name, OPAQUE)) {
		name[name - path > 1 ? -1 : 0] = '\0';
		become(item, SOURCE_OPAQUE);
		return 1;
	}
	if (strstr(path, "/" RESERVED))
		return 0;
	if (!starts_with(name, WHITEOUT))
		return 1;
	/* The path must stay one that source_path() would make. */
	if (!hidden[0] || !strcmp(hidden, ".") || !strcmp(hidden, "..")) {
		log_error(0, "%s: a whiteout of nothing", path);
		return -EBADMSG;
	}
	memmove(name, hidden, strlen(hidden) + 1);
	become(item, SOURCE_WHITEOUT);
	return 1;
}

static int layers_next(struct source *s, struct source_item *ret)
{
	struct layers *l = from_source(s);
	struct source_item item = { 0 };
	int r;

	for (;;) {
		if (!l->tar) {
			if (l->i == l->facts.n)
				return 0;
			r = open_layer(l);
			if (r)
				return r;
		}
		item = (struct source_item){ .layer = (uint32_t)l->i };
		r = tar_next(l->tar, &item.entry);
		if (r < 0)
			return r;
		if (!r) {
			r = finish_layer(l);
			if (r)
				return r;
			continue;
		}
		r = classify(&item);
		if (r > 0)
			break;
		source_item_release(&item);
		if (r)
			return r;
	}
	*ret = item;
	return 1;
}

static int layers_data(struct source *s, struct source_block *ret)
{
	return tar_data(from_source(s)->tar, ret);
}

static void layers_close(struct source *s)
{
	struct layers *l = from_source(s);

	close_layer(l);
	image_facts_release(&l->facts);
	l->ops->close(l);
}

static const struct source_ops source_ops = {
	.next = layers_next,
	.data = layers_data,
	.close = layers_close,
};

void layers_init(struct layers *l, const struct layers_ops *ops)
{
	l->source.ops = &source_ops;
	l->ops = ops;
}

static int check_platform(const struct layers *l, const struct platform *asked)
{
	char have[PLATFORM_TEXT], other[PLATFORM_TEXT];
	const struct image_facts *f = &l->facts;
	struct platform want, got = f->platform;

	if (!f->has_platform) {
		if (!asked)
			return 0;
		log_error(0, "%s: does not say for which platform it is",
			  l->source.name);
		return -ENOENT;
	}
	if (asked)
		want = *asked;
	else
		platform_host(&want);
	/* Old configurations do not say the variant. */
	if (!got.variant[0])
		memcpy(got.variant, want.variant, sizeof(got.variant));
	if (platform_match(&want, &got))
		return 0;
	platform_format(&f->platform, have);
	platform_format(&want, other);
	if (!asked) {
		log_warning(0, "%s: is for %s, and this machine is %s",
			    l->source.name, have, other);
		return 0;
	}
	log_error(0, "%s: is for %s, and not for %s", l->source.name, have,
		  other);
	return -ENOENT;
}

int layers_configure(struct layers *l, const char *name, size_t nlayers,
		     const struct platform *want)
{
	int r = image_json_config(&l->source.config, name, &l->facts);

	if (r)
		return r;
	if (l->facts.n != nlayers) {
		log_error(0, "%s: it has %zu diff_ids, and the image %zu layers",
			  name, l->facts.n, nlayers);
		return -EBADMSG;
	}
	return check_platform(l, want);
}
