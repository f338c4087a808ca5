# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# O_TRUNC empties this container's file only.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

fsop open w "$MNT/file" 'O_WRONLY|O_TRUNC' , =0 fstat w size , write w new
t_eq new "$(cat "$MNT/file")" "content after O_TRUNC and a write"
fsop open w "$MNT/big" 'O_WRONLY|O_TRUNC' , close w
fsop =0 stat "$MNT/big" size
echo shell >"$MNT/dir/a"
t_eq shell "$(cat "$MNT/dir/a")" "content after >"
fsop open w "$MNT/secret" 'O_RDWR|O_TRUNC|O_CREAT' 0777 , \
	"=0600 1001 1002 0" fstat w mode,uid,gid,size
fsop open w "$MNT/attrs" 'O_WRONLY|O_TRUNC' , =blue getxattr "$MNT/attrs" user.color
t_errno ENOENT open w "$MNT/dangling" 'O_WRONLY|O_TRUNC'
remount_fs
t_eq new "$(cat "$MNT/file")" "content after a remount"
fsop =0 stat "$MNT/big" size
fsop "=0600 1001 1002 0" stat "$MNT/secret" mode,uid,gid,size
