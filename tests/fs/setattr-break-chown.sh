# SPDX-License-Identifier: Apache-2.0
# chown of files, directories, links and devices of the template.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

fsop chown "$MNT/file" 10 20 , "=10 20" stat "$MNT/file" uid,gid
fsop chown "$MNT/file" -1 21 , "=10 21" stat "$MNT/file" uid,gid
fsop chown "$MNT/dir" 11 22 , "=11 22" stat "$MNT/dir" uid,gid
fsop chown "$MNT/link" 12 23 , "=12 23" stat "$MNT/link" uid,gid
fsop chown "$MNT/null" 13 24 , "=c 13 24 1:3" stat "$MNT/null" type,uid,gid,rdev
fsop chown "$MNT/big" 4000000000 65534 , "=4000000000 65534" stat "$MNT/big" uid,gid
chmod 711 "$MNT"
fsop user 1000 1000 , '!EPERM' chown "$MNT/usr/lib/data" 1000 1000
remount_fs
fsop "=10 21" stat "$MNT/file" uid,gid , "=11 22" stat "$MNT/dir" uid,gid , \
	"=12 23" stat "$MNT/link" uid,gid , \
	"=13 24" stat "$MNT/null" uid,gid , \
	"=4000000000 65534" stat "$MNT/big" uid,gid
t_eq "template file" "$(cat "$MNT/file")" "content after a remount"
fsop =file readlink "$MNT/link"
