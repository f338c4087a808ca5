# SPDX-License-Identifier: Apache-2.0
# fsetxattr and fremovexattr through a descriptor that may only read.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

for f in file usr/lib/data dir; do
	fsop open r "$MNT/$f" O_RDONLY , fsetxattr r user.new value , \
		=value fgetxattr r user.new , \
		=value getxattr "$MNT/$f" user.new
done
fsop open r "$MNT/attrs" O_RDONLY , fremovexattr r user.color , \
	'!ENODATA' fgetxattr r user.color , \
	'!ENODATA' getxattr "$MNT/attrs" user.color
remount_fs
for f in file usr/lib/data dir; do
	fsop =value getxattr "$MNT/$f" user.new
done
t_errno ENODATA getxattr "$MNT/attrs" user.color
fsop =round getxattr "$MNT/attrs" trusted.shape
