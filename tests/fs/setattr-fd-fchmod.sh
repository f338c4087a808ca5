# SPDX-License-Identifier: Apache-2.0
# fchmod through a descriptor that may only read.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

for f in file usr/lib/data dir; do
	fsop open r "$MNT/$f" O_RDONLY , fchmod r 0710 , =0710 fstat r mode , \
		=0710 stat "$MNT/$f" mode , \
		open again "$MNT/$f" O_RDONLY , =0710 fstat again mode
done
t_eq "template file" "$(cat "$MNT/file")" "content"
remount_fs
for f in file usr/lib/data dir; do
	fsop =0710 stat "$MNT/$f" mode
done
t_eq "template file" "$(cat "$MNT/file")" "content after a remount"
