# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# A descriptor opened before the break sees what is written after it.
. "${0%/*}/../lib.sh"
begin
t_not_on overlayfs "old descriptors stay on the lower file there"
make_lower
mount_fs

fsop open r "$MNT/file" O_RDONLY , =template pread r 0 8 , \
	open w "$MNT/file" O_WRONLY , pwrite w 0 written! , \
	=written! pread r 0 8 , ftruncate w 3 , =wri pread r 0 8 , \
	=3 fstat r size , pwrite w 3 tten , =written pread r 0 10
# By O_TRUNC, by truncate, by the shell, through a second process.
exec 3<"$MNT/dir/a" 4<"$MNT/dir/b" 5<"$MNT/etc/passwd"
fsop =a pread 3 0 1
echo longer >"$MNT/dir/a"
fsop =longer pread 3 0 6
truncate -s 1 "$MNT/dir/b"
fsop =b pread 4 0 6 , =1 fstat 4 size
echo user >>"$MNT/etc/passwd"
fsop "=root:x:0:0
user
" pread 5 0 100
# The reader opened it between the break and the next write.
fsop open w "$MNT/dir/c" O_WRONLY , pwrite w 0 1 , open r "$MNT/dir/c" O_RDONLY , \
	=1 pread r 0 1 , pwrite w 0 2 , =2 pread r 0 1
# And the other way: what the reader sees is what fstat says.
fsop open r "$MNT/big" O_RDONLY , =BBBB pread r 1048572 10 , \
	truncate "$MNT/big" 2000000 , =2000000 fstat r size , \
	=BB.. pread r 1048574 4
