# SPDX-License-Identifier: Apache-2.0
# Names that look like whiteouts are ordinary names.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

steps()
{
	cd "$1"
	echo ordinary >.wh.file
	echo ordinary >dir/.wh.a
	: >dir/.wh..wh..opq
	: >usr/.wh..wh.plnk
	: >.wh.
	mkdir .wh.dir .wh..wh.dir
	echo x >.wh.dir/x
	ln -s x dir/.wh.link
	mv dir/.wh.a dir/.wh.b
	ln dir/b dir/.wh.c
	rm dir/.wh.link
	rm file
	echo again >file
	cd "$T"
}
same_as_plain steps
t_eq "a b c hl3 sub up" "$(echo $(ls "$MNT/dir"))" "names of dir"
t_eq x "$(cat "$MNT/.wh.dir/x")" "content in .wh.dir"
rm -r "$MNT/.wh.dir" "$MNT/.wh.file" "$MNT/dir/.wh..wh..opq"
remount_fs
t_eq a "$(cat "$MNT/dir/a")" "content after a remount"
t_errno ENOENT stat "$MNT/.wh.file"
# Nor is a directory of such a name in the way of removing its parent.
mkdir -p "$MNT/new/.wh..wh..opq"
t_errno ENOTEMPTY rmdir "$MNT/new"
rm -r "$MNT/new"
