# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# truncate, shorter and longer, by path and by descriptor.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

fsop truncate "$MNT/file" 8 , =8 stat "$MNT/file" size
t_eq template "$(cat "$MNT/file")" "content after truncate"
fsop truncate "$MNT/dir/a" 5 , =5 stat "$MNT/dir/a" size
fsop open r "$MNT/dir/a" O_RDONLY , "=a
..." pread r 0 100
fsop truncate "$MNT/big" 0 , =0 stat "$MNT/big" size
fsop open w "$MNT/usr/lib/data" O_RDWR , ftruncate w 3 , =usr pread w 0 100 , \
	write w USR , =USR pread w 0 100
fsop truncate "$MNT/empty" 0 , =0 stat "$MNT/empty" size
t_errno EISDIR truncate "$MNT/dir" 0
t_errno EINVAL truncate "$MNT/file" -1
fsop open r "$MNT/attrs" O_RDONLY , '!EINVAL' ftruncate r 0
fsop user 1000 1000 , '!EACCES' truncate "$MNT/attrs" 0
remount_fs
t_eq template "$(cat "$MNT/file")" "content after a remount"
fsop =5 stat "$MNT/dir/a" size , =0 stat "$MNT/big" size
t_eq USR "$(cat "$MNT/usr/lib/data")" "content after a remount"
t_eq attributes "$(cat "$MNT/attrs")" "content after refused truncates"
