# SPDX-License-Identifier: Apache-2.0
# A template's tree is what its source was: types, modes, owners, times to the
# nanosecond, links, devices, attributes, ACLs, capabilities, holes.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin
t_need setfacl setcap getcap python3

make_rich "$T/src"
touch -d '2005-05-05 05:05:05.555555555' "$T/src/dir/sub"
make_tar "$T/src.tar" "$T/src"

template_tree "$T/src" >"$T/want"
check()
{
	local root
	root=$(root_of "$1")

	template_tree "$root/" >"$T/got"
	diff -u "$T/want" "$T/got" || t_fail "$1 differs from its source"
	t_eq "cap_net_raw=ep" "$(getcap "$root/usr/bin/capable" |
		sed 's/.* //')" "capability"
	t_eq "user:1234:rw-" "$(getfacl -n -p "$root/etc/passwd" |
		grep '^user:1234')" "ACL"
	t_eq "default:user:1234:rwx" "$(getfacl -n -p "$root/dir" |
		grep '^default:user:1234')" "default ACL"
	[ "$(stat -c %b "$root/sparse")" -lt 100 ] ||
		t_fail "the sparse file of $1 has $(stat -c %b "$root/sparse") blocks"
	t_eq "character special file 0 0" \
		"$(stat -c '%F %t %T' "$root/dir/.whiteout")" "whiteout"
	t_eq 5:6:1750 "$(stat -c %u:%g:%a "$root")" "the root"
	t_eq "$(inode "$root/link")" "$(inode "$root/dir/link-again")" \
		"hard-linked symlink"
	t_eq "$(inode "$root/hl1")" "$(inode "$root/dir/hl3")" "hard link"
	[ "$(inode "$root/twin1")" != "$(inode "$root/twin2")" ] ||
		t_fail "two files of the source are one"
	# Each regular file, and nothing else, carries its digest.
	(cd "$root" && find . -type f -print0 | sort -z | while IFS= read -r -d '' f; do
		t_eq "$(sha1sum <"$f" | cut -d' ' -f1)" \
			"$(getfattr --only-values -h -n trusted.stencil.sha1 "$f")" \
			"digest of $f"
	done)
	! (cd "$root" && find . ! -type f -print0 |
		xargs -0 getfattr -h -n trusted.stencil.sha1 2>/dev/null |
		grep sha1) || t_fail "a digest on what is no regular file"
	t_manifest_sound "$1"
}
mk build dir "$T/src"
check dir
mk build tar "$T/src.tar"
check tar

# The manifest's digests are fs-verity's.
if command -v fsverity >/dev/null; then
	for f in big sparse empty file; do
		want=$(fsverity digest --compact "$T/src/$f")
		t_eq "$want" "$(awk -v f="/$f" '$1 == f { print $11 }' \
			"$STORE/templates/dir/current/manifest")" "verity of $f"
	done
fi

# tar(1) does not know hard links of other kinds; a directory does.
mkdir "$T/kinds"
mkfifo "$T/kinds/fifo"
mknod "$T/kinds/null" c 1 3
ln "$T/kinds/fifo" "$T/kinds/fifo2"
ln "$T/kinds/null" "$T/kinds/null2"
mk build kinds "$T/kinds"
for f in fifo null; do
	t_eq "$(inode "$(root_of kinds)/$f")" "$(inode "$(root_of kinds)/${f}2")" \
		"hard-linked $f"
done
grep -q '^/fifo2 0 @10[0-7]* 2 .* /fifo - -$' \
	"$STORE/templates/kinds/current/manifest"

# ctime apart, building has not changed the source.
template_tree "$T/src" | diff -u "$T/want" - || t_fail "the source has changed"

# The tree is usable as it is.
t_eq ran "$("$(root_of dir)/usr/bin/prog")" "a program of the template"

# Names that are not UTF-8, from a directory and from the old tar format.
mkdir "$T/latin"
: >"$T/latin/caf"$'\351'
version=$(mk build latin "$T/latin")
tar --create --format=gnu --file "$T/latin.tar" --directory "$T/latin" .
mk build latin2 "$T/latin.tar" >/dev/null
[ -e "$(root_of latin)/caf"$'\351' ] || t_fail "the name was changed"
[ -e "$(root_of latin2)/caf"$'\351' ] || t_fail "the name was changed by tar"
grep -q '^/caf\\xe9 ' "$STORE/templates/latin/current/manifest"

# Deep, and at the limit of a path's length.
# bash and a working directory of this length do not go together.
nest()
{
	python3 - "$@" <<-'END'
	import os, sys
	os.chdir(sys.argv[1])
	for _ in range(int(sys.argv[2])):
	    os.path.isdir("d") or os.mkdir("d")
	    os.chdir("d")
	open("f", "w").write("x\n")
	END
}
mkdir "$T/deep"
nest "$T/deep" 2000
mk build deep "$T/deep" >/dev/null
t_eq 2002 "$(wc -l <"$STORE/templates/deep/current/manifest")" "levels"
mk rm deep >/dev/null
nest "$T/deep" 2060
t_refuses "File name too long" -q build deep "$T/deep"
t_no_remains

# What the store's directory passes on to new files does not reach a template.
mkdir "$T/passes"
chgrp 99 "$T/passes"
chmod 2777 "$T/passes"
setfacl -d -m u:55:rwx,o::rwx "$T/passes"
STORE=$T/passes/store
t_eq "$version" "$(umask 077; mk build latin "$T/latin")" "the same version"
mk -q build dir "$T/src" >/dev/null
check dir
