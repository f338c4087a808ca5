# SPDX-License-Identifier: Apache-2.0
# Files of the template and new ones are renamed, within and across directories.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

steps()
{
	cd "$1"
	mv file renamed
	mv dir/a emptydir/a
	mv link dir/link
	mv null dir/null
	mv fifo newfifo
	mv suid usr/suid
	mkdir new
	mv dir/b new/b
	echo new >made
	mv made dir/made
	echo again >file
	mv file dir/sub/file
	mv dir/sub/file dir/sub/deep/file
	mv attrs new/attrs
	cd "$T"
}
same_as_plain steps
t_errno ENOENT stat "$MNT/file"
t_errno ENOENT rename "$MNT/file" "$MNT/x"
t_errno ENOTDIR rename "$MNT/dir" "$MNT/empty"
t_errno EISDIR rename "$MNT/empty" "$MNT/dir"
t_errno 'ENOTEMPTY|EEXIST' rename "$MNT/emptydir" "$MNT/dir"
t_errno EINVAL rename "$MNT/dir" "$MNT/dir/sub/dir"
