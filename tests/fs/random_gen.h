/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where random.c's operations come from: forms with weights, whose letters are
 * filled in by a generator that knows what exists.  Included by random.c alone.
 *
 * Thread safety: one thread.  Ownership: all state is static.  Errors: none.
 */
#ifndef TESTS_FS_RANDOM_GEN_H
#define TESTS_FS_RANDOM_GEN_H

#include "tests/fs/script.h"

#define MAX_PATHS 4000
#define PATH_ROOM 600

static uint64_t state;
static bool gen_no_whiteouts; /* leave out the forms so marked */

/* What exists, as far as the generator knows: wrong guesses are tests too. */
static struct gen_path {
	char path[PATH_ROOM]; /* first, for sorting */
	bool dir;
} paths[MAX_PATHS];
static size_t npaths;
static bool slot_open[SCRIPT_FDS], slot_dir[SCRIPT_FDS];
static bool slot_direct[SCRIPT_FDS];

static uint64_t rnd(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state * 0x2545f4914f6cdd1d >> 16) % below;
}

static const struct {
	unsigned weight;
	bool whiteout;
	const char *form;
} forms[] = {
	{10, 0, "open %s %p %O %M"},
	{10, 0, "open %s %f %O %M"},
	{4, 0, "open %s %f O_RDWR %M"},
	{4, 0, "open %s %n O_RDWR|O_CREAT|O_EXCL %M"},
	{3, 0, "open %s %d O_RDONLY|O_DIRECTORY"},
	{2, 0, "open %s %d O_TMPFILE|O_RDWR %M"},
	{2, 0, "linkfd %o %n"},
	{6, 0, "close %o"},
	{4, 0, "write %o %L %R"},
	{8, 0, "pwrite %o %N %L %R"},
	{4, 0, "read %o %L"},
	{8, 0, "pread %o %N %L"},
	{4, 0, "cat %p"},
	{3, 0, "put %f %V"},
	{4, 0, "ftruncate %o %N"},
	{4, 0, "truncate %f %N"},
	{5, 0, "fallocate %o %A %N %L"},
	{3, 0, "lseek %o %N %W"},
	{4, 0, "holes %o"},
	{3, 0, "copyrange %o %N %o %N %L"},
	{1, 0, "copyrange %o -1 %o -1 %L"},
	{1, 0, "sendfile %o %o %L"},
	{2, 0, "map %m %o %L PROT_READ|PROT_WRITE MAP_SHARED"},
	{1, 0, "map %m %o %L PROT_READ MAP_SHARED"},
	{1, 0, "map %m %o %L PROT_READ|PROT_WRITE MAP_PRIVATE"},
	{3, 0, "poke %m %N %L %R"},
	{3, 0, "peek %m %N %L"},
	{2, 0, "msync %m"},
	{1, 0, "unmap %m"},
	{1, 0, "fsync %o"},
	{1, 0, "fdatasync %o"},
	{5, 0, "chmod %p %M"},
	{3, 0, "fchmod %o %M"},
	{4, 0, "lchown %p %U %g"},
	{2, 0, "fchown %o %U %g"},
	{4, 0, "utimens %p %T %T"},
	{2, 0, "futimens %o %T %T"},
	{4, 0, "setxattr %p %X %V %x"},
	{2, 0, "fsetxattr %o %X %V %x"},
	{2, 0, "setxattr %p security.capability 0x%R"},
	{2, 0, "setxattr %d system.posix_acl_default %a"},
	{3, 0, "setxattr %p system.posix_acl_access %a"},
	{2, 0, "removexattr %p %X"},
	{1, 0, "removexattr %d system.posix_acl_default"},
	{1, 0, "removexattr %p system.posix_acl_access"},
	{1, 0, "fremovexattr %o %X"},
	{2, 0, "getxattr %p %X"},
	{3, 0, "listxattr %p"},
	{7, 0, "mkdir %n %M"},
	{4, 0, "rmdir %d"},
	{6, 0, "unlink %f"},
	{1, 0, "unlink %p"},
	{6, 0, "rename %p %n"},
	{6, 0, "rename %p %p"},
	{3, 0, "rename %f %f"},
	{3, 0, "rename %d %d"},
	{3, 0, "rename %p %p RENAME_EXCHANGE"},
	{2, 0, "rename %d %d RENAME_EXCHANGE"},
	{3, 0, "rename %p %n RENAME_NOREPLACE"},
	{1, 1, "rename %p %n RENAME_WHITEOUT"},
	{2, 1, "rename %p %n RENAME_WHITEOUT|RENAME_NOREPLACE"},
	{1, 1, "rename %f %f RENAME_WHITEOUT"},
	{5, 0, "link %f %n"},
	{1, 0, "link %p %p"},
	{3, 0, "symlink %t %n"},
	{1, 0, "readlink %p"},
	{1, 0, "mknod %n S_IFREG %M"},
	{1, 0, "mknod %n S_IFIFO %M"},
	{1, 0, "mknod %n S_IFSOCK %M"},
	{1, 0, "mknod %n S_IFCHR %M 1 3"},
	{1, 0, "mknod %n S_IFBLK %M 250 7"},
	{2, 1, "mknod %n S_IFCHR %M 0 0"},
	{3, 0, "readdir %d"},
	{2, 0, "readdirfd %o"},
	{2, 0, "access %p %r"},
	{1, 0, "flock %o %k"},
	{1, 0, "lock %o %l %N %L"},
	{1, 0, "getlock %o F_WRLCK %N %L"},
	{1, 0, "umask %u"},
};

static const char *pick(const char *const *list)
{
	size_t n = 0;

	while (list[n])
		n++;
	return list[rnd(n)];
}

#define PICK(...) pick((const char *const[]){__VA_ARGS__, NULL})

static const char *a_name(void)
{
	if (!rnd(60))
		return PICK("@255", "@256", ".wh.a", ".wh..wh..opq", "#1");
	return PICK("a", "b", "c", "d", "e", "f", "g", "h");
}

/* kind: 'p' anything, 'd' a directory, 'f' not a directory, 'n' a name in a
 * directory that exists */
static void a_path(char kind, char *to, size_t size)
{
	size_t i = 0;

	for (int tries = 0; npaths && tries < 50; tries++) {
		i = rnd(npaths);
		if (kind == 'p' || paths[i].dir == (kind != 'f'))
			break;
	}
	if (kind != 'n' && npaths && rnd(10))
		snprintf(to, size, "%s", paths[i].path);
	else if (!npaths || !rnd(4))
		snprintf(to, size, "%s", a_name());
	else if (!rnd(20) && kind != 'f')
		snprintf(to, size, ".");
	else
		snprintf(to, size, "%s/%s", paths[i].path, a_name());
	if (strlen(to) > 400)
		snprintf(to, size, "%s", a_name());
}

static unsigned a_slot(bool opened)
{
	unsigned n = rnd(SCRIPT_FDS);

	for (int i = 0; opened && i < 20 && !slot_open[n]; i++)
		n = rnd(SCRIPT_FDS);
	return n;
}

static const char *open_flags(void)
{
	static char text[200];

	snprintf(text, sizeof(text), "%s%s%s%s%s%s",
		 PICK("O_RDONLY", "O_WRONLY", "O_RDWR", "O_RDWR"),
		 rnd(4) ? "" : "|O_CREAT", rnd(5) ? "" : "|O_TRUNC",
		 rnd(6) ? "" : "|O_APPEND",
		 rnd(8) ? "" :
			  PICK("|O_EXCL", "|O_SYNC", "|O_DSYNC", "|O_NOATIME",
			       "|O_PATH", "|O_DIRECTORY"),
		 rnd(8) ? "" : "|O_NOFOLLOW");
	/* An end of file is seldom aligned. */
	if (!rnd(25) && !strstr(text, "O_APPEND"))
		strcat(text, "|O_DIRECT");
	return text;
}

static const char *an_acl(void)
{
	static char text[120];

	/* With x for the group: see a_mode(). */
	snprintf(text, sizeof(text), "u::%d/%sg::%d/%s/o::%d", (int)rnd(8),
		 rnd(2) ? "u:1000:6/" : "", (int)rnd(8) | 1,
		 rnd(2) ? "g:1001:5/m::5" : "m::7", (int)rnd(8));
	return text;
}

/*
 * "%U %g" is never -1 -1: that drops set-id bits, but the kernel sends FUSE no
 * request for it.
 *
 * Set-group-id comes with x for the group.  Without it the bit is dropped by a
 * stranger's write only since Linux 6.2, and FUSE's protocol says that only
 * the other kind is to be dropped.
 */
static unsigned a_mode(void)
{
	unsigned mode = rnd(4) ? rnd(512) | 0600 : rnd(4096);

	return mode & 02000 ? mode | 010 : mode;
}

/* Text for one letter of a form. */
static void expand_letter(char c, bool direct, char *to, size_t size)
{
	if (strchr("pdfn", c))
		a_path(c, to, size);
	else if (c == 's' || c == 'o')
		snprintf(to, size, "%u", a_slot(c == 'o'));
	else if (c == 'm')
		snprintf(to, size, "%u", (unsigned)rnd(SCRIPT_MAPS));
	else if (c == 'M')
		snprintf(to, size, "0%o", a_mode());
	else if (c == 'N')
		snprintf(to, size, "%llu", (unsigned long long)
			 (rnd(2) || direct ? rnd(50) * 4096 : rnd(120000)));
	else if (c == 'L')
		snprintf(to, size, "%llu", (unsigned long long)
			 (direct || !rnd(3) ? 4096 * rnd(8) : rnd(9000)));
	else if (c == 'R')
		snprintf(to, size, "%u", 1 + (unsigned)rnd(9999));
	else if (c == 'T')
		snprintf(to, size, "%u.%u", (unsigned)rnd(SCRIPT_OLD),
			 (unsigned)rnd(999999999) + 1);
	else
		snprintf(to, size, "%s",
			 c == 'O' ? open_flags() :
			 c == 'a' ? an_acl() :
			 c == 'U' ? PICK("0", "1000", "1001", "-1") :
			 c == 'g' ? PICK("0", "1000", "1001") :
			 c == 'X' ? PICK("user.a", "user.b", "user.c",
					 "trusted.a", "security.a",
					 gen_no_whiteouts ?
						 "user.d" :
						 "trusted.overlay.opaque",
					 "user.overlay.opaque") :
			 c == 'V' ? PICK("y", "value", "@300", "x", "0") :
			 c == 'x' ? PICK("0", "0", "XATTR_CREATE",
					 "XATTR_REPLACE") :
			 c == 'A' ? PICK("0", "FALLOC_FL_KEEP_SIZE",
					 "FALLOC_FL_PUNCH_HOLE|"
					 "FALLOC_FL_KEEP_SIZE",
					 "FALLOC_FL_ZERO_RANGE",
					 "FALLOC_FL_ZERO_RANGE|"
					 "FALLOC_FL_KEEP_SIZE") :
			 c == 'W' ? PICK("SEEK_SET", "SEEK_CUR", "SEEK_END") :
			 c == 't' ? PICK("a", "b", "c/d", "a/b/c", "nowhere") :
			 c == 'u' ? PICK("0", "02", "022") :
			 c == 'r' ? PICK("R_OK", "W_OK", "X_OK", "F_OK") :
			 c == 'k' ? PICK("sh", "ex", "un") :
			 c == 'l' ? PICK("F_RDLCK", "F_WRLCK", "F_UNLCK") : "?");
}

/* One line of the script. */
static void generate(char *line, size_t size)
{
	size_t n = sizeof(forms) / sizeof(forms[0]), total = 0, i = 0, used;
	bool direct = false;
	const char *f;
	uint64_t at;

	for (size_t k = 0; k < n; k++)
		total += forms[k].weight;
	do {
		at = rnd(total);
		for (i = 0; at >= forms[i].weight; i++)
			at -= forms[i].weight;
	} while (forms[i].whiteout && gen_no_whiteouts);
	used = rnd(7) ? 0 : snprintf(line, size, "as %s ",
				     PICK("1000:1000", "1001:1000"));
	for (f = forms[i].form; *f && used + 1 < size; f++) {
		if (*f != '%') {
			line[used++] = *f;
			continue;
		}
		f++;
		line[used] = '\0';
		expand_letter(*f, direct, line + used, size - used);
		/* Offsets of a descriptor without the page cache are aligned;
		 * file systems refuse the others as they like. */
		if (*f == 'o')
			direct |= slot_direct[atoi(line + used)];
		used += strlen(line + used);
	}
	line[used] = '\0';
}

#endif
