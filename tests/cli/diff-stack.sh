# SPDX-License-Identifier: Apache-2.0
# stencilctl diff over a stack whose upper templates hide and replace names of
# the lower ones: what is hidden was not there to be deleted.
. "${0%/*}/../lib.sh"
. "${0%/*}/store.bash"
begin

a=$T/a
b=$T/b
mkdir -p "$a"/{dir,cut,from/deep} "$b"/{dir,cut,to/deep}
echo a >"$a/dir/hidden"
echo a >"$a/dir/both"
echo a >"$a/dir/low"
echo a >"$a/cut/low"
echo a >"$a/from/deep/file"
echo a >"$a/from/deep/other"
mknod "$b/dir/hidden" c 0 0
echo b >"$b/dir/both"
echo b >"$b/dir/high"
setfattr -n trusted.overlay.opaque -v y "$b/cut"
echo b >"$b/cut/high"
# a directory that the upper template has renamed
setfattr -n trusted.overlay.redirect -v /from "$b/to"
mknod "$b/from" c 0 0
template_of a "$a"
template_of b "$b"
ctl create c1 --template=a:b
t_eq "b a" "$(ctl show --json c1 |
	jq -r '[.templates[].name] | reverse | join(" ")')" "stack"

change()
{
	cd "$MNT"
	echo 2 >dir/hidden
	echo 2 >dir/both
	rm dir/low
	echo 2 >cut/low
	echo 2 >cut/high
	echo 2 >to/deep/file
	echo 2 >to/deep/new
	rm to/deep/other
	mkdir from
	echo 2 >from/deep
	cd "$T"
}

by_kernel c1 a b
change
umount_fs

cat >want <<'END'
C /cut
C /cut/high
A /cut/low
C /dir
C /dir/both
A /dir/hidden
D /dir/low
A /from
A /from/deep
C /to
C /to/deep
C /to/deep/file
A /to/deep/new
D /to/deep/other
END
ctl diff c1 >got
diff -u want got

ctl -q create c3 --template=a:b
by_stencilfs c3
change
ctl diff c3 >got
diff -u want got
ctl umount c3

# The whole of a stacked directory replaced: what any template showed is gone,
# what a template hid is not.
ctl create c2 --template=a:b
by_kernel c2 a b
rm -r "$MNT/dir"
mkdir "$MNT/dir"
umount_fs
printf '%s\n' "C /dir" "D /dir/both" "D /dir/high" "D /dir/low" >want
ctl diff c2 >got
diff -u want got
