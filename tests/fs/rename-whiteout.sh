# SPDX-License-Identifier: Apache-2.0
# RENAME_WHITEOUT leaves a character device 0/0 under the old name, which is an
# ordinary object inside.
. "${0%/*}/../lib.sh"
begin
t_not_on overlayfs "refuses RENAME_WHITEOUT"
make_lower
mount_fs

steps()
{
	cd "$1"
	fsop rename file renamed RENAME_WHITEOUT
	fsop rename dir/a dir/sub/a RENAME_WHITEOUT
	echo new >new
	fsop rename new new2 RENAME_WHITEOUT
	fsop rename emptydir etc/emptydir RENAME_WHITEOUT
	cd "$T"
}
same_as_plain steps
fsop "=c 0:0" stat "$MNT/file" type,rdev , "=c 0:0" stat "$MNT/dir/a" type,rdev
rm "$MNT/file" "$MNT/dir/a" "$MNT/new" "$MNT/emptydir"
remount_fs
t_errno ENOENT stat "$MNT/file"
t_errno ENOENT stat "$MNT/dir/a"
t_eq "template file" "$(cat "$MNT/renamed")" "content of what was renamed"
