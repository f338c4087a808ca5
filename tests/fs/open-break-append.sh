# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# O_APPEND adds to the copy, from several descriptors in turn.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

fsop open a "$MNT/file" 'O_WRONLY|O_APPEND' , write a one , \
	open b "$MNT/file" 'O_RDWR|O_APPEND' , write b two , write a three , \
	=template pread b 0 8 , =onetwothree pread b 14 20
echo line >>"$MNT/usr/lib/data"
t_eq "usr data
line" "$(cat "$MNT/usr/lib/data")" "content after >>"
remount_fs
t_eq "template file
onetwothree" "$(cat "$MNT/file")" "content after a remount"
