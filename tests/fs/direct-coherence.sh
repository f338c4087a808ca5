# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# What O_DIRECT and asynchronous direct writes leave is what buffered reads see.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

fsop open b "$MNT/big" O_RDWR , =BBBB pread b 0 4 , =BBBB pread b 8192 4 , \
	open d "$MNT/big" 'O_RDWR|O_DIRECT' , pwrite d 0 'D*4096' , \
	=DDDD pread b 0 4 , =DDBB pread b 4094 4 , \
	aiowrite d 8192 'A*4096' , =AAAA pread b 8192 4 , \
	aiowrite d 1048576 'E*4096' , =1052672 fstat b size , \
	=BE pread b 1048575 2 , pwrite b 0 'buff' , close b , \
	open again "$MNT/big" O_RDONLY , =buffDD pread again 0 6
# The reader held the template's file, and has its pages in memory.
exec 3<"$MNT/sparse"
fsop =... pread 3 0 3
if [ "$UNDER_TEST" != overlayfs ]; then	# old descriptors are not coherent
	fsop open d "$MNT/sparse" 'O_RDWR|O_DIRECT' , aiowrite d 0 'Z*4096' , \
		=ZZZ pread 3 0 3
fi
exec 3<&-
remount_fs
fsop open r "$MNT/big" O_RDONLY , =buffDD pread r 0 6 , =AAAA pread r 8192 4
