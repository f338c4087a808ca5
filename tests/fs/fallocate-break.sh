# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# fallocate breaks, extends, and keeps the size when asked.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

fsop open w "$MNT/file" O_RDWR , fallocate w 0 0 8192 , =8192 fstat w size , \
	"=template file
.." pread w 0 16
fsop open w "$MNT/usr/lib/data" O_RDWR , \
	fallocate w FALLOC_FL_KEEP_SIZE 0 65536 , =9 fstat w size
# Attributes may take a block of their own.
blocks=$(fsop stat "$MNT/usr/lib/data" blocks)
[ "$blocks" = 128 ] || [ "$blocks" = 136 ] ||
	t_fail "$blocks blocks after an allocation of 64 KiB"
fsop open r "$MNT/dir/a" O_RDONLY , '!EBADF' fallocate r 0 0 4096
fsop open w "$MNT/dir/a" O_RDWR , '!EINVAL' fallocate w 0 0 0
remount_fs
fsop =8192 stat "$MNT/file" size , =9 stat "$MNT/usr/lib/data" size
t_eq "usr data" "$(cat "$MNT/usr/lib/data")" "content after a remount"
