# SPDX-License-Identifier: Apache-2.0
# futimens through a descriptor that may only read.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

for f in file usr/lib/data dir; do
	fsop open r "$MNT/$f" O_RDONLY , futimes r 7.000000001 8.000000002 , \
		=8.000000002 fstat r mtime , =8.000000002 stat "$MNT/$f" mtime
done
remount_fs
for f in file usr/lib/data dir; do
	fsop =8.000000002 stat "$MNT/$f" mtime
done
