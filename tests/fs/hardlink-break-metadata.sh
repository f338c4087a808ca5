# SPDX-License-Identifier: Apache-2.0
# A change of attributes by one name shows by all, then a write by another.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

fsop chown "$MNT/hl2" 5 6 , setxattr "$MNT/hl2" user.x y
for f in hl1 hl2 dir/hl3; do
	fsop "=5 6 3" stat "$MNT/$f" uid,gid,nlink , =y getxattr "$MNT/$f" user.x
	t_eq "one file, three names" "$(cat "$MNT/$f")" "content of $f"
done
remount_fs
for f in dir/hl3 hl1 hl2; do
	fsop "=5 6 3" stat "$MNT/$f" uid,gid,nlink , =y getxattr "$MNT/$f" user.x
	t_eq "one file, three names" "$(cat "$MNT/$f")" "content of $f"
done
echo more >>"$MNT/dir/hl3"
remount_fs
for f in hl1 hl2 dir/hl3; do
	t_eq "one file, three names
more" "$(cat "$MNT/$f")" "content of $f"
	fsop "=5 6 3 $(fsop stat "$MNT/hl1" ino)" stat "$MNT/$f" uid,gid,nlink,ino
done
