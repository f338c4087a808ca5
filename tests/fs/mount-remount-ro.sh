# SPDX-License-Identifier: Apache-2.0
# mount -o remount,ro and back, and a mount that was read-only from the start.
. "${0%/*}/../lib.sh"
begin
t_not_on plain "its mount is a bind mount"
make_lower
mount_fs

echo x >"$MNT/dir/a"
# -i: no helper, as it would mount anew.
mount -i -o remount,ro "$MNT"
t_errno EROFS open w "$MNT/file" O_WRONLY
t_errno EROFS mkdir "$MNT/new"
t_eq x "$(cat "$MNT/dir/a")" "content read-only"
mount -i -o remount,rw "$MNT"
echo y >"$MNT/file"
umount_fs
mount_fs ro
t_eq y "$(cat "$MNT/file")" "content of a mount with -o ro"
t_errno EROFS open w "$MNT/file" O_WRONLY
