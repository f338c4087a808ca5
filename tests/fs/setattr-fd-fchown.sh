# SPDX-License-Identifier: Apache-2.0
# fchown through a descriptor that may only read.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

for f in file usr/lib/data dir; do
	fsop open r "$MNT/$f" O_RDONLY , fchown r 30 40 , "=30 40" fstat r uid,gid , \
		"=30 40" stat "$MNT/$f" uid,gid
done
t_eq "usr data" "$(cat "$MNT/usr/lib/data")" "content"
remount_fs
for f in file usr/lib/data dir; do
	fsop "=30 40" stat "$MNT/$f" uid,gid
done
