# SPDX-License-Identifier: Apache-2.0
# Times of changes move when they should, and only then.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

old=$(fsop stat "$MNT/file" mtime)
dirold=$(fsop stat "$MNT/dir" mtime)
ctime=$(fsop stat "$MNT/file" ctime)
fsop chmod "$MNT/file" 0640 , "=$old" stat "$MNT/file" mtime
[ "$(fsop stat "$MNT/file" ctime)" != "$ctime" ] ||
	t_fail "ctime still is $ctime after chmod"
fsop "=$dirold" stat "$MNT/dir" mtime
# A break is no change of its directory.
echo more >>"$MNT/dir/a"
fsop "=$dirold" stat "$MNT/dir" mtime
[ "$(fsop stat "$MNT/dir/a" mtime)" != "$old" ] ||
	t_fail "mtime still is $old after a write"
rm "$MNT/dir/b"
[ "$(fsop stat "$MNT/dir" mtime)" != "$dirold" ] ||
	t_fail "the directory's mtime still is $dirold after unlink"
fsop utimes "$MNT/dir" 100 200 , =200.000000000 stat "$MNT/dir" mtime
fsop open d "$MNT/dir/new" 'O_CREAT|O_WRONLY' , close d
[ "$(fsop stat "$MNT/dir" mtime)" != 200.000000000 ] ||
	t_fail "the directory's mtime did not move after create"
# Nanoseconds, the epoch and times after 2038.
fsop utimes "$MNT/file" 0.000000001 4000000000.999999999
remount_fs
fsop "=0.000000001 4000000000.999999999" stat "$MNT/file" atime,mtime
