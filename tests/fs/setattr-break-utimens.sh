# SPDX-License-Identifier: Apache-2.0
# utimensat of files and directories; UTIME_NOW and UTIME_OMIT.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

fsop utimes "$MNT/file" 1000.000000001 2000.000000002 , \
	"=1000.000000001 2000.000000002" stat "$MNT/file" atime,mtime
fsop utimes "$MNT/file" omit 3000 , \
	"=1000.000000001 3000.000000000" stat "$MNT/file" atime,mtime
fsop utimes "$MNT/dir" 5 6 , =6.000000000 stat "$MNT/dir" mtime
fsop utimes "$MNT/usr/bin/prog" omit omit
fsop =1580608922.123456789 stat "$MNT/usr/bin/prog" mtime
before=$(date +%s)
fsop utimes "$MNT/big" now now
[ "$(stat -c %Y "$MNT/big")" -ge $((before - 1)) ] ||
	t_fail "mtime $(stat -c %y "$MNT/big") after UTIME_NOW at @$before"
fsop user 1000 1000 , '!EPERM' utimes "$MNT/empty" 1 1 , \
	'!EACCES' utimes "$MNT/empty" now now
remount_fs
fsop "=1000.000000001 3000.000000000" stat "$MNT/file" atime,mtime , \
	=6.000000000 stat "$MNT/dir" mtime
t_eq "template file" "$(cat "$MNT/file")" "content after a remount"
