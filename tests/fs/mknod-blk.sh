# SPDX-License-Identifier: Apache-2.0
# Block devices keep type and numbers.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

fsop mknod "$MNT/dir/disk" b 0660 250 77 , "=b 250:77" stat "$MNT/dir/disk" type,rdev , \
	chown "$MNT/dir/disk" 0 6
remount_fs
fsop "=b 0640 250:77 6" stat "$MNT/dir/disk" type,mode,rdev,gid
rm "$MNT/dir/disk"
t_errno ENOENT stat "$MNT/dir/disk"
