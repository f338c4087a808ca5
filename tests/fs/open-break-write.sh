# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# Opening for writing and writing gives this container a copy of its own.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

fsop open w "$MNT/file" O_WRONLY , pwrite w 0 TEMPLATE
t_eq "TEMPLATE file" "$(cat "$MNT/file")" "content after the write"
fsop open w "$MNT/usr/lib/data" O_WRONLY , pwrite w 0 USR
t_eq "USR data" "$(cat "$MNT/usr/lib/data")" "content after the write"
fsop open w "$MNT/attrs" O_WRONLY , pwrite w 0 A , \
	=blue getxattr "$MNT/attrs" user.color , \
	=round getxattr "$MNT/attrs" trusted.shape
fsop open w "$MNT/secret" O_WRONLY , pwrite w 0 S , \
	"=0600 1001 1002 7" stat "$MNT/secret" mode,uid,gid,size
remount_fs
t_eq "TEMPLATE file" "$(cat "$MNT/file")" "content after a remount"
t_eq "USR data" "$(cat "$MNT/usr/lib/data")" "content after a remount"
fsop =blue getxattr "$MNT/attrs" user.color
fsop "=0600 1001 1002 7" stat "$MNT/secret" mode,uid,gid,size
