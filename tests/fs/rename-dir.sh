# SPDX-License-Identifier: Apache-2.0
# Directories of the template are renamed, never EXDEV, with all they hold.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

steps()
{
	cd "$1"
	fsop rename dir dir2
	fsop rename usr emptydir/usr
	fsop rename etc usr	# an old name is free again
	fsop rename sgid dir
	cd "$T"
}
same_as_plain steps
t_eq a "$(cat "$MNT/dir2/a")" "content in the renamed directory"
t_eq "" "$(ls "$MNT/dir")" "names of the directory that took an old name"
# Changes in what was renamed reach the right place.
steps()
{
	cd "$1"
	echo more >>dir2/sub/deep/x
	rm dir2/b
	echo new >dir2/new
	chmod 700 emptydir/usr/lib
	cd "$T"
}
same_as_plain steps
