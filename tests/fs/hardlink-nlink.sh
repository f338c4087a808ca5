# SPDX-License-Identifier: Apache-2.0
# st_nlink counts this container's names, whatever others do.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

fsop =3 stat "$MNT/hl1" nlink , =1 stat "$MNT/file" nlink
ln "$MNT/file" "$MNT/file2"
fsop =2 stat "$MNT/file" nlink , =2 stat "$MNT/file2" nlink , \
	"=$(fsop stat "$MNT/file" ino)" stat "$MNT/file2" ino
ln "$MNT/hl1" "$MNT/dir/hl4"
fsop =4 stat "$MNT/hl2" nlink
remount_fs
fsop =2 stat "$MNT/file2" nlink , =4 stat "$MNT/dir/hl4" nlink , \
	=4 stat "$MNT/hl1" nlink , \
	"=$(fsop stat "$MNT/file" ino)" stat "$MNT/file2" ino , \
	"=$(fsop stat "$MNT/hl1" ino)" stat "$MNT/dir/hl4" ino
echo both >"$MNT/file2"
t_eq both "$(cat "$MNT/file")" "content by the first name"
rm "$MNT/file"
fsop =1 stat "$MNT/file2" nlink
# Two names of one file: nothing happens.
fsop rename "$MNT/dir/hl4" "$MNT/hl1"
fsop =4 stat "$MNT/hl1" nlink , =4 stat "$MNT/dir/hl4" nlink
remount_fs
fsop =1 stat "$MNT/file2" nlink , =4 stat "$MNT/hl1" nlink
# Links to links, devices and fifos are links too.
ln -P "$MNT/link" "$MNT/link2"
ln "$MNT/fifo" "$MNT/dir/fifo2"
fsop "=l 2" stat "$MNT/link2" type,nlink , "=p 2" stat "$MNT/fifo" type,nlink
remount_fs
fsop "=l 2" stat "$MNT/link" type,nlink , "=p 2" stat "$MNT/dir/fifo2" type,nlink
t_errno EPERM link "$MNT/dir" "$MNT/dirlink"
t_errno EEXIST link "$MNT/file2" "$MNT/empty"
