// SPDX-License-Identifier: Apache-2.0
#include "mkimage/platform.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#define WORD_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" \
		   "0123456789._-"

/* What uname(2) says, and what images (or their makers) write for the same. */
static const struct alias {
	const char *name, *arch, *variant;
} aliases[] = {
	{ "x86_64", "amd64", "" },	{ "i386", "386", "" },
	{ "i686", "386", "" },		{ "aarch64", "arm64", "v8" },
	{ "armv7l", "arm", "v7" },	{ "armv6l", "arm", "v6" },
	{ "armv5tel", "arm", "v5" },	{ "armv8l", "arm", "v7" },
	{ "loongarch64", "loong64", "" },
};

static int set_word(char out[static PLATFORM_WORD], const char *text,
		    size_t len)
{
	if (len >= PLATFORM_WORD || strspn(text, WORD_CHARS) < len)
		return -EINVAL;
	memcpy(out, text, len);
	out[len] = '\0';
	return 0;
}

static void resolve_alias(struct platform *p)
{
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (strcmp(p->arch, aliases[i].name))
			continue;
		snprintf(p->arch, sizeof(p->arch), "%s", aliases[i].arch);
		if (!p->variant[0])
			snprintf(p->variant, sizeof(p->variant), "%s",
				 aliases[i].variant);
	}
}

int platform_set(struct platform *ret, const char *os, const char *arch,
		 const char *variant)
{
	struct platform p = { "", "", "" };

	if (!os[0] || !arch[0] || set_word(p.os, os, strlen(os)) ||
	    set_word(p.arch, arch, strlen(arch)) ||
	    (variant && set_word(p.variant, variant, strlen(variant))))
		return -EINVAL;
	resolve_alias(&p);
	*ret = p;
	return 0;
}

int platform_parse(const char *text, struct platform *ret)
{
	const char *arch = strchr(text, '/');
	const char *variant = arch ? strchr(arch + 1, '/') : NULL;
	struct platform p = { "", "", "" };

	if (!arch || set_word(p.os, text, (size_t)(arch - text)))
		return -EINVAL;
	arch++;
	if (set_word(p.arch, arch,
		     variant ? (size_t)(variant - arch) : strlen(arch)))
		return -EINVAL;
	if (variant && (!variant[1] || set_word(p.variant, variant + 1,
						strlen(variant + 1))))
		return -EINVAL;
	if (!p.os[0] || !p.arch[0])
		return -EINVAL;
	resolve_alias(&p);
	*ret = p;
	return 0;
}

void platform_host(struct platform *ret)
{
	struct utsname u;

	/* uname(2) fails for a bad address only. */
	if (uname(&u) || platform_set(ret, "linux", u.machine, NULL))
		*ret = (struct platform){ "linux", "unknown", "" };
}

static const char *variant_of(const struct platform *p)
{
	if (p->variant[0])
		return p->variant;
	if (!strcmp(p->arch, "amd64"))
		return "v1";
	if (!strcmp(p->arch, "arm64"))
		return "v8";
	return strcmp(p->arch, "arm") ? "" : "v7";
}

int platform_match(const struct platform *want, const struct platform *have)
{
	const char *a = variant_of(want), *b = variant_of(have);

	if (strcmp(want->os, have->os) || strcmp(want->arch, have->arch))
		return 0;
	if (!strcmp(a, b))
		return 100;
	if (!strcmp(want->arch, "arm") && strlen(a) == 2 && strlen(b) == 2 &&
	    a[0] == 'v' && b[0] == 'v' && b[1] >= '1' && b[1] < a[1])
		return b[1] - '0';
	return 0;
}

void platform_format(const struct platform *p, char out[static PLATFORM_TEXT])
{
	snprintf(out, PLATFORM_TEXT, "%s/%s%s%s", p->os, p->arch,
		 p->variant[0] ? "/" : "", p->variant);
}
