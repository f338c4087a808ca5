# SPDX-License-Identifier: Apache-2.0
# A read-only descriptor from before the break changes the file that the path
# shows, not a copy nobody sees.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

for f in file usr/lib/data; do
	fsop open r "$MNT/$f" O_RDONLY , \
		open w "$MNT/$f" O_WRONLY , pwrite w 0 X , close w , \
		fchmod r 0604 , =0604 stat "$MNT/$f" mode , \
		fchown r 5 6 , "=5 6" stat "$MNT/$f" uid,gid , \
		fsetxattr r user.late yes , =yes getxattr "$MNT/$f" user.late
done
remount_fs
fsop "=0604 5 6" stat "$MNT/file" mode,uid,gid
t_eq "Xemplate file" "$(cat "$MNT/file")" "content after a remount"
