# SPDX-License-Identifier: Apache-2.0
# Names are found, absent ones are not, and "absent" ends when one is made.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

fsop =f stat "$MNT/file" type
fsop =d stat "$MNT/dir" type
fsop =f stat "$MNT/dir/sub/deep/x" type
fsop =l stat "$MNT/link" type
t_eq "template file" "$(cat "$MNT/link")" "content through the link"
t_eq "root:x:0:0" "$(cat "$MNT/dir/up")" "content through ../"
t_errno ENOENT stat "$MNT/absent"
t_errno ENOENT stat "$MNT/absent"
echo now >"$MNT/absent"
fsop =f stat "$MNT/absent" type
rm "$MNT/absent"
t_errno ENOENT stat "$MNT/absent"
t_errno ENOENT stat "$MNT/dir/absent/deeper"
t_errno ENOTDIR stat "$MNT/file/below"
t_errno ENOENT open f "$MNT/dangling" O_RDONLY
t_errno ELOOP open f "$MNT/link" 'O_RDONLY|O_NOFOLLOW'
t_errno ENOTDIR open f "$MNT/file" 'O_RDONLY|O_DIRECTORY'
t_errno EISDIR open f "$MNT/dir" O_WRONLY
t_errno EEXIST open f "$MNT/file" 'O_CREAT|O_EXCL|O_RDWR'
t_errno EEXIST mkdir "$MNT/file"
t_errno EEXIST mkdir "$MNT/dir"
fsop =d stat "$MNT/dir/.." type , =d stat "$MNT/dir/." type
