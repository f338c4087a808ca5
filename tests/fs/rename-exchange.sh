# SPDX-License-Identifier: Apache-2.0
# RENAME_EXCHANGE swaps any two: files, directories, one of each.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

steps()
{
	cd "$1"
	fsop rename file big RENAME_EXCHANGE
	fsop rename dir usr RENAME_EXCHANGE
	fsop rename empty emptydir RENAME_EXCHANGE
	echo new >new
	fsop rename new attrs RENAME_EXCHANGE
	mkdir newdir
	echo in >newdir/in
	fsop rename newdir etc RENAME_EXCHANGE
	fsop rename link null RENAME_EXCHANGE
	fsop rename usr/sub/deep usr/a RENAME_EXCHANGE
	cd "$T"
}
same_as_plain steps
t_errno ENOENT rename "$MNT/file" "$MNT/absent" RENAME_EXCHANGE
t_errno EINVAL rename "$MNT/dir" "$MNT/dir/bin" RENAME_EXCHANGE
