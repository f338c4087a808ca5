# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# What is replaced while open stays readable, without a name.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

ino=$(fsop stat "$MNT/file" ino)
exec 3<"$MNT/file"
echo new >"$MNT/new"
exec 4<>"$MNT/new"
fsop rename "$MNT/new" "$MNT/file"
fsop =template pread 3 0 8 , "=$ino" fstat 3 ino
# overlayfs goes on showing the link count of the lower file.
[ "$UNDER_TEST" = overlayfs ] || fsop =0 fstat 3 nlink
fsop =1 fstat 4 nlink , =new pread 4 0 3 , write 4 NEW
t_eq NEW "$(cat "$MNT/file")" "content by the new name"
echo third >"$MNT/third"
mv "$MNT/third" "$MNT/file"
fsop =0 fstat 4 nlink , =NEW pread 4 0 3 , pwrite 4 0 old , =old pread 4 0 3
t_eq third "$(cat "$MNT/file")" "content of what replaced it"
