# SPDX-License-Identifier: Apache-2.0
# An immutable directory of the container takes and loses no names.
. "${0%/*}/../lib.sh"
begin
t_need chattr
make_lower
mount_fs

chattr +i "$MNT/dir"
t_errno EPERM open f "$MNT/dir/new" 'O_CREAT|O_WRONLY'
t_errno EPERM unlink "$MNT/dir/a"
t_errno EPERM rename "$MNT/dir/a" "$MNT/a"
t_errno EPERM rename "$MNT/dir" "$MNT/x"
t_errno EPERM chmod "$MNT/dir" 0700
t_eq a "$(cat "$MNT/dir/a")" "content in an immutable directory"
chattr -i "$MNT/dir"
rm "$MNT/dir/a"
echo x >"$MNT/dir/new"
