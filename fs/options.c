// SPDX-License-Identifier: Apache-2.0
#include "fs/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

enum kind {
	KIND_IGNORED, /* mount(8)'s own words and what is the default anyway */
	KIND_STRING,
	KIND_FLAG,
	KIND_KERNEL,  /* a mount flag: handed on as it is */
	KIND_CONTEXT, /* an SELinux label: handed on */
	KIND_SPECIAL, /* parse() does it */
};

struct spec {
	const char *name;
	enum kind kind;
	bool has_value;
	size_t offset; /* in struct options, of a char * or a bool */
	bool flag;     /* KIND_FLAG: what it sets */
	int (*parse)(struct options *o, const char *name, char *value,
		     char **ret_why);
};

static int fail(char **ret_why, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int fail(char **ret_why, const char *fmt, ...)
{
	va_list ap;

	if (!ret_why)
		return -EINVAL;
	va_start(ap, fmt);
	if (vasprintf(ret_why, fmt, ap) < 0)
		*ret_why = NULL;
	va_end(ap);
	return -EINVAL;
}

/* Takes the backslashes out, as overlayfs does: each makes the character
 * behind it an ordinary one. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (*s == '\\' && s[1])
			s++;
		*to++ = *s;
	}
	*to = '\0';
}

static int add_word(struct bytes *list, const char *word)
{
	int r = list->len ? bytes_adds(list, ",") : 0;

	return r < 0 ? r : bytes_adds(list, word);
}

static int set_string(char **slot, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*slot);
	*slot = copy;
	return 0;
}

static void lowers_clear(struct options *o)
{
	for (size_t i = 0; i < o->nlowers; i++)
		free(o->lowers[i]);
	free(o->lowers);
	o->lowers = NULL;
	o->nlowers = 0;
}

/* Appends a copy of dir, below those that are there already. */
static int lowers_add(struct options *o, const char *dir)
{
	char *copy = strdup(dir), **more;

	if (!copy)
		return -ENOMEM;
	more = reallocarray(o->lowers, o->nlowers + 2, sizeof(*more));
	if (!more) {
		free(copy);
		return -ENOMEM;
	}
	more[o->nlowers++] = copy;
	more[o->nlowers] = NULL;
	o->lowers = more;
	return 0;
}

/* The end of the directory that starts at s: an unescaped colon or the NUL. */
static char *lower_end(char *s)
{
	while (*s && *s != ':')
		s += *s == '\\' && s[1] ? 2 : 1;
	return s;
}

static int parse_lowerdir(struct options *o, const char *name, char *value,
			  char **ret_why)
{
	lowers_clear(o);
	for (;;) {
		char *end = lower_end(value);
		bool last = !*end;
		int r;

		if (end[0] == ':' && end[1] == ':')
			return fail(ret_why, "lowerdir: data-only layers (::) "
					     "are not served");
		if (end == value)
			return fail(ret_why, "lowerdir: empty directory name");
		*end = '\0';
		unescape(value);
		r = lowers_add(o, value);
		if (r < 0)
			return r;
		if (last)
			return 0;
		value = end + 1;
	}
}

/* overlayfs's other form: one directory, colons are ordinary. */
static int parse_lowerdir_more(struct options *o, const char *name,
			       char *value, char **ret_why)
{
	unescape(value);
	return lowers_add(o, value);
}

static int refuse_datadir(struct options *o, const char *name, char *value,
			  char **ret_why)
{
	return fail(ret_why, "datadir+: data-only layers are not served");
}

static int refuse_remount(struct options *o, const char *name, char *value,
			  char **ret_why)
{
	return fail(ret_why, "remount: unmount and mount again instead");
}

static int parse_transport(struct options *o, const char *name, char *value,
			   char **ret_why)
{
	if (!strcmp(value, "auto"))
		o->transport = TRANSPORT_AUTO;
	else if (!strcmp(value, "uring"))
		o->transport = TRANSPORT_URING;
	else if (!strcmp(value, "classic"))
		o->transport = TRANSPORT_CLASSIC;
	else
		return fail(ret_why, "transport is auto, uring or classic, "
				     "not \"%s\"", value);
	return 0;
}

static int parse_passthrough(struct options *o, const char *name, char *value,
			     char **ret_why)
{
	if (!strcmp(value, "auto"))
		o->passthrough = OPT_AUTO;
	else if (!strcmp(value, "off"))
		o->passthrough = OPT_OFF;
	else
		return fail(ret_why, "passthrough is auto or off, not \"%s\"",
			    value);
	return 0;
}

/* Names with a slash or a colon behind each but the last. */
static bool dirs_ok(const char *dirs)
{
	size_t len;

	for (;; dirs += len + 1) {
		len = strcspn(dirs, "/:");
		if (!len || (len < 3 && strspn(dirs, ".") >= len))
			return false;
		if (!dirs[len])
			return true;
	}
}

static int parse_shared(struct options *o, const char *name, char *value,
			char **ret_why)
{
	unescape(value);
	if (!dirs_ok(value))
		return fail(ret_why, "shared is DIR[:DIR...], from a "
				     "template's root, without . and .., not "
				     "\"%s\"", value);
	return set_string(&o->shared, value);
}

#define FIELD(f) offsetof(struct options, f)
#define IGNORED(n) { .name = n, .kind = KIND_IGNORED }
#define IGNORED_VALUE(n) { .name = n, .kind = KIND_IGNORED, .has_value = true }
#define STRING(n, f)                                                           \
	{ .name = n, .kind = KIND_STRING, .has_value = true,                   \
	  .offset = FIELD(f) }
#define FLAG(n, f, v)                                                          \
	{ .name = n, .kind = KIND_FLAG, .offset = FIELD(f), .flag = v }
#define KERNEL(n) { .name = n, .kind = KIND_KERNEL }
#define CONTEXT(n) { .name = n, .kind = KIND_CONTEXT, .has_value = true }
#define SPECIAL(n, fn)                                                         \
	{ .name = n, .kind = KIND_SPECIAL, .has_value = true, .parse = fn }

static const struct spec specs[] = {
	SPECIAL("lowerdir", parse_lowerdir),
	SPECIAL("lowerdir+", parse_lowerdir_more),
	SPECIAL("datadir+", refuse_datadir),
	STRING("upperdir", upper),
	STRING("workdir", work),
	STRING("template", template),
	STRING("container", container),
	STRING("store", store),
	STRING("cache", cache),
	STRING("fsname", fsname),
	SPECIAL("transport", parse_transport),
	SPECIAL("passthrough", parse_passthrough),
	SPECIAL("shared", parse_shared),
	FLAG("coherent", coherent, true),
	FLAG("volatile", is_volatile, true),
	FLAG("debug", debug, true),
	FLAG("ro", readonly, true),
	FLAG("rw", readonly, false),
	FLAG("allow_other", allow_other, true),

	KERNEL("suid"), KERNEL("nosuid"),
	KERNEL("dev"), KERNEL("nodev"),
	KERNEL("exec"), KERNEL("noexec"),
	KERNEL("atime"), KERNEL("noatime"),
	KERNEL("async"), KERNEL("sync"), KERNEL("dirsync"),
	CONTEXT("context"), CONTEXT("fscontext"),
	CONTEXT("defcontext"), CONTEXT("rootcontext"),

	/* the kernel's defaults */
	IGNORED("default_permissions"), IGNORED("relatime"),
	IGNORED("diratime"), IGNORED("nostrictatime"), IGNORED("nolazytime"),
	IGNORED_VALUE("subtype"),

	/* mount(8) */
	IGNORED("defaults"), IGNORED("auto"), IGNORED("noauto"),
	IGNORED("user"), IGNORED_VALUE("user"), IGNORED("nouser"),
	IGNORED("users"), IGNORED("nousers"), IGNORED("owner"),
	IGNORED("noowner"), IGNORED("group"), IGNORED("nogroup"),
	IGNORED("_netdev"), IGNORED("nofail"), IGNORED_VALUE("comment"),
	{ .name = "remount", .kind = KIND_SPECIAL, .parse = refuse_remount },
};

static const struct spec *spec_find(const char *name, bool has_value)
{
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++)
		if (specs[i].has_value == has_value &&
		    !strcmp(specs[i].name, name))
			return &specs[i];
	return NULL;
}

/*
 * Labels hold commas inside quotes.  libfuse splits its -o at commas that no
 * backslash precedes, the kernel at commas outside quotes: so both are kept.
 */
static int add_context(struct options *o, const char *name, const char *value,
		       char **ret_why)
{
	_cleanup_bytes struct bytes word = BYTES_INIT;
	size_t len = strlen(value);
	bool quoted = len >= 2 && value[0] == '"' && value[len - 1] == '"';
	int r;

	if (quoted) {
		value++;
		len -= 2;
	}
	if (!len || memchr(value, '"', len))
		return fail(ret_why, "%s: not a label", name);
	r = bytes_addf(&word, "%s=\"", name);
	for (size_t i = 0; r >= 0 && i < len; i++) {
		if (value[i] == ',' || value[i] == '\\')
			r = bytes_adds(&word, "\\");
		if (r >= 0)
			r = bytes_add(&word, &value[i], 1);
	}
	if (r >= 0)
		r = bytes_adds(&word, "\"");
	return r < 0 ? r : add_word(&o->kernel_opts, word.data);
}

static int apply(const struct spec *spec, struct options *o, char *value,
		 char **ret_why)
{
	char *field = (char *)o + spec->offset;

	if (spec->has_value && !*value)
		return fail(ret_why, "%s needs a value", spec->name);
	switch (spec->kind) {
	case KIND_IGNORED:
		return 0;
	case KIND_STRING:
		unescape(value);
		return set_string((char **)field, value);
	case KIND_FLAG:
		*(bool *)field = spec->flag;
		return 0;
	case KIND_KERNEL:
		return add_word(&o->kernel_opts, spec->name);
	case KIND_CONTEXT:
		return add_context(o, spec->name, value, ret_why);
	case KIND_SPECIAL:
		return spec->parse(o, spec->name, value, ret_why);
	}
	return -EINVAL;
}

static int parse_one(char *option, struct options *o, char **ret_why)
{
	char *equals = strchr(option, '=');
	const struct spec *spec;

	if (!*option || !strncmp(option, "x-", 2) || !strncmp(option, "X-", 2))
		return 0;
	if (equals)
		*equals = '\0';
	spec = spec_find(option, equals != NULL);
	if (spec)
		return apply(spec, o, equals ? equals + 1 : NULL, ret_why);
	if (!equals && spec_find(option, true))
		return fail(ret_why, "%s needs a value", option);
	if (equals)
		*equals = '=';
	return add_word(&o->unknown, option);
}

/*
 * Ends the option at s with a NUL and returns where the next one starts, NULL
 * after the last.  A comma does not end it behind a backslash, nor between
 * quotes that open right behind the equals sign.
 */
static char *split_option(char *s, bool *ret_open_quote)
{
	char *equals = s + strcspn(s, "=,");
	bool quoted = false;

	*ret_open_quote = false;
	for (; *s; s++) {
		if (quoted) {
			quoted = *s != '"';
		} else if (*s == '"' && *equals == '=' && s == equals + 1) {
			quoted = true;
		} else if (*s == '\\' && s[1]) {
			s++;
		} else if (*s == ',') {
			*s = '\0';
			return s + 1;
		}
	}
	*ret_open_quote = quoted;
	return NULL;
}

int options_parse_string(const char *opts, struct options *o, char **ret_why)
{
	_cleanup_free char *copy = strdup(opts);
	char *next;

	if (!copy)
		return -ENOMEM;
	for (char *s = copy; s; s = next) {
		bool open_quote;
		int r;

		next = split_option(s, &open_quote);
		if (open_quote)
			return fail(ret_why, "a quote is not closed: %s", s);
		r = parse_one(s, o, ret_why);
		if (r < 0)
			return r;
	}
	return 0;
}

int options_check(const struct options *o, char **ret_why)
{
	if (!o->mountpoint)
		return fail(ret_why, "no mount point given");
	if (!o->nlowers && !o->template && !o->container)
		return fail(ret_why, "one of lowerdir, template and container "
				     "must be given");
	if (o->nlowers && (o->template || o->container))
		return fail(ret_why, "lowerdir does not go with template or "
				     "container");
	if (o->container && (o->upper || o->work))
		return fail(ret_why, "a container has its own upperdir and "
				     "workdir");
	if (o->upper && !o->work)
		return fail(ret_why, "upperdir needs workdir");
	if (o->work && !o->upper)
		return fail(ret_why, "workdir needs upperdir");
	return 0;
}

static int make_absolute(const char *path, char **ret)
{
	_cleanup_free char *cwd = NULL;
	char *abs;

	if (*path == '/') {
		abs = strdup(path);
	} else {
		cwd = getcwd(NULL, 0);
		if (!cwd)
			return -errno;
		if (asprintf(&abs, "%s/%s", cwd, path) < 0)
			abs = NULL;
	}
	if (!abs)
		return -ENOMEM;
	*ret = abs;
	return 0;
}

static int parse_positionals(int n, char **args, struct options *o,
			     char **ret_why)
{
	int r;

	if (n > 2)
		return fail(ret_why, "too many arguments: %s", args[2]);
	if (n < 1 || !*args[n - 1])
		return fail(ret_why, "no mount point given");
	r = make_absolute(args[n - 1], &o->mountpoint);
	if (r < 0)
		return r;
	return n == 2 ? set_string(&o->source, args[0]) : 0;
}

static int parse_args(int argc, char **argv, struct options *o, char **ret_why)
{
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ "store", required_argument, NULL, 'S' },
		{ NULL, 0, NULL, 0 },
	};
	int c, r = 0;

	optind = 0; /* a fresh start, also of glibc's state */
	while (r >= 0 &&
	       (c = getopt_long(argc, argv, ":fdhVo:", longs, NULL)) != -1) {
		if (c == 'f')
			o->foreground = true;
		else if (c == 'd')
			o->debug = true;
		else if (c == 'h')
			o->help = true;
		else if (c == 'V')
			o->version = true;
		else if (c == 'S')
			r = set_string(&o->store, optarg);
		else if (c == 'o')
			r = options_parse_string(optarg, o, ret_why);
		else if (c == ':')
			r = fail(ret_why, "%s needs a value", argv[optind - 1]);
		else if (optopt)
			r = fail(ret_why, "unknown option -%c", optopt);
		else
			r = fail(ret_why, "unknown option %s",
				 argv[optind - 1]);
	}
	if (r < 0 || o->help || o->version)
		return r;
	o->foreground |= o->debug;
	r = parse_positionals(argc - optind, argv + optind, o, ret_why);
	return r < 0 ? r : options_check(o, ret_why);
}

int options_parse(int argc, char **argv, struct options *ret)
{
	_cleanup_free char *why = NULL;
	struct options o = { 0 };
	int r = parse_args(argc, argv, &o, &why);

	if (r < 0) {
		if (why)
			log_error(0, "%s", why);
		else
			log_error(r, "reading the options");
		options_release(&o);
		return r;
	}
	*ret = o;
	return 0;
}

void options_release(struct options *o)
{
	lowers_clear(o);
	free(o->source);
	free(o->mountpoint);
	free(o->upper);
	free(o->work);
	free(o->template);
	free(o->container);
	free(o->store);
	free(o->cache);
	free(o->shared);
	free(o->fsname);
	bytes_release(&o->kernel_opts);
	bytes_release(&o->unknown);
	memset(o, 0, sizeof(*o));
}

void options_usage(void)
{
	fputs("Usage: stencilfs [-f] [-d] [--store=DIR] [-o OPTIONS] "
	      "[SOURCE] MOUNTPOINT\n"
	      "\n"
	      "  -f           stay in the foreground\n"
	      "  -d           the same, and show each request on stderr\n"
	      "  -h, --help   show this text\n"
	      "  -V, --version\n"
	      "  --store=DIR  the store (default: $STENCIL_STORE, else\n"
	      "               /var/lib/stencil)\n"
	      "  -o OPTIONS   separated by commas:\n"
	      "\n"
	      "    template=NAME[@VERSION][:NAME...]  the stack, base first\n"
	      "    container=ID      the private area, made when it does not "
	      "exist\n"
	      "    store=DIR         as --store\n"
	      "    lowerdir=A[:B...],upperdir=U,workdir=W  as overlayfs\n"
	      "    volatile          do not wait for the disk\n"
	      "    coherent          no passthrough for template files\n"
	      "    shared=DIR[:DIR...]  where there is (default: bin sbin "
	      "lib lib32\n"
	      "               lib64 libexec usr opt)\n"
	      "    passthrough=auto|off  transport=auto|uring|classic\n"
	      "    cache=DIR|none    where shared objects lie\n"
	      "    fsname=NAME       what /proc/mounts shows as the source\n"
	      "    ro, nosuid, nodev, noexec, noatime, sync, dirsync, "
	      "context=LABEL, ...\n",
	      stdout);
}
