# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the tests of mkstencil share, after ../lib.sh.

mk()
{
	"$BUILD/mkstencil" --store="$STORE" "$@"
}

# As mk, for the background: $! is the program itself, to be killed.
mk_background()
{
	exec "$BUILD/mkstencil" --store="$STORE" "$@"
}

# Python with oci_image.py at hand, which says how images are made.
image_py()
{
	PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$LIB_DIR/mkimage" python3 "$@"
}

# The tree of the current version.
root_of()
{
	echo "$STORE/templates/${1//\//%}/current/root"
}

version_of()
{
	readlink "$STORE/templates/${1//\//%}/current"
}

inode()
{
	stat -c %i "$1"
}

# A tar archive that keeps all that tar(1) can keep.
make_tar()
{
	tar --create --format=posix --xattrs --xattrs-include='*' --acls \
		--sparse --file "$1" --directory "$2" "${@:3}" .
}

# A tree with one of each kind, beyond what make_lower makes.
make_rich()
{
	make_lower "$1"
	setfacl -m u:1234:rw,g:77:r "$1/etc/passwd"
	setfacl -d -m u:1234:rwx "$1/dir"
	cp /bin/true "$1/usr/bin/capable"
	setcap cap_net_raw+ep "$1/usr/bin/capable"
	mknod "$1/disk" b 8 17
	mknod "$1/dir/.whiteout" c 0 0
	setfattr -n trusted.overlay.opaque -v y "$1/emptydir"
	setfattr -n trusted.onlink -v yes -h "$1/link"
	setfattr -n user.binary -v 0s//4AAQ== "$1/attrs"
	setfattr -n user.empty "$1/attrs"
	ln "$1/link" "$1/dir/link-again"
	: >"$1/a blank, \\ and = and
newline"
	: >"$1/$(printf '%0255d' 7)"
	: >"$1/m"$'\303\274'"llt"	# UTF-8
	echo same >"$1/twin1"
	cp -p "$1/twin1" "$1/twin2"
	mkdir "$1/a" "$1/a/b" "$1/a-b"
	: >"$1/a.txt"
	touch -h -d '1969-06-01 01:02:03.5' "$1/dangling"
	touch -d '2038-02-03 04:05:06.000000007' "$1/empty"
	touch -d '2021-03-04 05:06:07.987654321' "$1/dir" "$1/twin1" "$1/twin2"
	chmod 1750 "$1"
	chown 5:6 "$1"
	touch -d '2001-01-01 01:01:01.111111111' "$1"
}

# What a tree is, without what a template adds: the pool's links and our
# attributes.
template_tree()
{
	(
		cd "$1"
		find . -type d -printf '%P d %#m %U %G %T@\n' | sort
		find . ! -type d -printf '%P %y %#m %U %G %s %T@ %l\n' | sort
		find . \( -type b -o -type c \) -exec stat -c '%n %t:%T' {} + |
			sort
		find . -print0 | sort -z |
			xargs -0r getfattr -h -d -m - -e hex 2>&1 |
			sed '/^trusted\.stencil\./d' |
			awk '/^# file: / { file = $0; next }
				NF { print file ": " $0 }'
		find . -type f -print0 | sort -z | xargs -0r sha1sum
	)
}

# Nothing is left of a build that failed, or was killed and cleaned up after.
t_no_remains()
{
	local left

	left=$(find "$STORE/templates" -maxdepth 1 -name '.*' -mindepth 1)
	[ -z "$left" ] || t_fail "left behind: $left"
	left=$(find "$STORE/pool" -type f -links 1)
	[ -z "$left" ] || t_fail "in the pool for nobody: $left"
}

# t_refuses WORDS ARGS...: exit status 1, and one line that says why.
t_refuses()
{
	local words=$1 rc=0
	shift

	mk "$@" >"$T/out" 2>"$T/err" || rc=$?
	t_eq 1 "$rc" "status of mkstencil $*: $(cat "$T/err")"
	t_eq 1 "$(wc -l <"$T/err")" "lines of: $(cat "$T/err")"
	grep -q "^mkstencil: .*$words" "$T/err" ||
		t_fail "no '$words' in: $(cat "$T/err")"
	[ ! -s "$T/out" ] || t_fail "words on stdout: $(cat "$T/out")"
}

# t_manifest_sound NAME: sorted, complete, and its digest is the version.
t_manifest_sound()
{
	local dir
	dir=$STORE/templates/$1/current

	t_eq "$(version_of "$1")" "$(sha256sum <"$dir/manifest" | cut -d' ' -f1)" \
		"the version is the manifest's digest"
	cut -d' ' -f1 "$dir/manifest" >"$T/paths"
	t_eq "$(find "$dir/root/" -printf x | wc -c)" \
		"$(wc -l <"$T/paths")" "entries"
}
