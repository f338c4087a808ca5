# SPDX-License-Identifier: Apache-2.0
# Removing names one by one; the file lives by the others.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

ino=$(fsop stat "$MNT/hl1" ino)
rm "$MNT/hl2"
fsop "=2 $ino" stat "$MNT/hl1" nlink,ino
remount_fs
fsop "=2 $ino" stat "$MNT/dir/hl3" nlink,ino
echo broken >"$MNT/dir/hl3"
t_eq broken "$(cat "$MNT/hl1")" "content by the other name"
fsop "=2 $ino" stat "$MNT/hl1" nlink,ino
t_errno ENOENT stat "$MNT/hl2"
rm "$MNT/hl1"
remount_fs
fsop "=1 $ino" stat "$MNT/dir/hl3" nlink,ino
t_eq broken "$(cat "$MNT/dir/hl3")" "content by the last name"
t_errno ENOENT stat "$MNT/hl1"
# A new file under an old name is no link.
echo other >"$MNT/hl1"
fsop =1 stat "$MNT/hl1" nlink , =1 stat "$MNT/dir/hl3" nlink
rm "$MNT/dir/hl3"
remount_fs
t_eq other "$(cat "$MNT/hl1")" "content of the new file"
t_errno ENOENT stat "$MNT/dir/hl3"
