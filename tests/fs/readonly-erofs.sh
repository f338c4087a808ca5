# SPDX-License-Identifier: Apache-2.0
# Without a private area everything reads and every change is EROFS.
. "${0%/*}/../lib.sh"
begin
in_mode template && t_skip "a container has a private area"
make_lower
mount_readonly

t_eq "template file" "$(cat "$MNT/link")" "content"
fsop open r "$MNT/file" O_RDONLY , =template pread r 0 8
t_eq ran "$("$MNT/usr/bin/prog")" "output of a program"
fsop =blue getxattr "$MNT/attrs" user.color
fsdir check "$MNT" >/dev/null
t_errno EROFS open w "$MNT/file" O_WRONLY
t_errno EROFS open w "$MNT/file" O_RDWR
t_errno EROFS open w "$MNT/file" 'O_WRONLY|O_TRUNC'
t_errno EROFS open w "$MNT/new" 'O_CREAT|O_WRONLY'
t_errno EROFS open t "$MNT/dir" 'O_TMPFILE|O_RDWR'
t_errno EROFS chmod "$MNT/file" 0600
t_errno EROFS chown "$MNT/link" 1 1
t_errno EROFS utimes "$MNT/dir" 1 1
t_errno EROFS truncate "$MNT/file" 0
t_errno EROFS setxattr "$MNT/file" user.x y
t_errno EROFS removexattr "$MNT/attrs" user.color
t_errno EROFS mkdir "$MNT/new"
t_errno EROFS mknod "$MNT/new" p 0600
t_errno EROFS symlink x "$MNT/new"
t_errno EROFS link "$MNT/file" "$MNT/new"
t_errno EROFS rename "$MNT/file" "$MNT/new"
t_errno EROFS rename "$MNT/file" "$MNT/big" RENAME_EXCHANGE
t_errno EROFS unlink "$MNT/file"
t_errno EROFS rmdir "$MNT/emptydir"
t_errno EROFS access "$MNT/file" W_OK
fsop open r "$MNT/file" O_RDONLY , '!EROFS' fchmod r 0600
fsop =l stat "$MNT/link" type , open r "$MNT/file" 'O_RDONLY|O_CREAT'
