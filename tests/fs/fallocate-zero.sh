# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# Zeroing a range breaks and keeps the rest.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

fsop open w "$MNT/big" O_RDWR , \
	fallocate w FALLOC_FL_ZERO_RANGE 100 8192 , \
	=1048576 fstat w size , =BB.. pread w 98 4 , =..BB pread w 8290 4 , \
	fallocate w FALLOC_FL_ZERO_RANGE 1048570 100 , =1048670 fstat w size
remount_fs
fsop open r "$MNT/big" O_RDONLY , =BB.. pread r 98 4 , =..BB pread r 8290 4 , \
	=B... pread r 1048569 4
