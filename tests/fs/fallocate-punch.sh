# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# Punching a hole breaks, keeps the rest, and gives the blocks back.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

fsop open w "$MNT/big" O_RDWR , \
	fallocate w 'FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE' 4096 8192 , \
	=1048576 fstat w size , =BB.. pread w 4094 4 , =..BB pread w 12286 4 , \
	=4096 lseek w SEEK_HOLE 0 , =12288 lseek w SEEK_DATA 4096
remount_fs
fsop open r "$MNT/big" O_RDONLY , =BB.. pread r 4094 4 , =..BB pread r 12286 4
# Attributes may take a block of their own.
blocks=$(fsop stat "$MNT/big" blocks)
[ "$blocks" = 2032 ] || [ "$blocks" = 2040 ] ||
	t_fail "$blocks blocks after punching 8 KiB out of 1 MiB"
