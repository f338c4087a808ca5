# SPDX-License-Identifier: Apache-2.0
# chmod of files and directories of the template, by path.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

fsop chmod "$MNT/file" 0600 , =0600 stat "$MNT/file" mode
fsop chmod "$MNT/dir" 0700 , =0700 stat "$MNT/dir" mode
fsop chmod "$MNT/usr/bin/prog" 04711 , =4711 stat "$MNT/usr/bin/prog" mode
fsop chmod "$MNT/fifo" 0611 , "=p 0611" stat "$MNT/fifo" type,mode
fsop chmod "$MNT/null" 0611 , "=c 0611 1:3" stat "$MNT/null" type,mode,rdev
fsop chmod "$MNT" 0711 , =0711 stat "$MNT" mode
t_eq "template file" "$(cat "$MNT/file")" "content"
remount_fs
fsop =0600 stat "$MNT/file" mode , =0700 stat "$MNT/dir" mode , \
	=4711 stat "$MNT/usr/bin/prog" mode , =0711 stat "$MNT" mode , \
	"=p 0611" stat "$MNT/fifo" type,mode , \
	"=c 0611 1:3" stat "$MNT/null" type,mode,rdev
t_eq "a b c hl3 sub up" "$(echo $(ls "$MNT/dir"))" "the directory's names"
t_eq "template file" "$(cat "$MNT/file")" "content after a remount"
t_eq ran "$("$MNT/usr/bin/prog")" "output of the program"
fsop user 1000 1000 , '!EPERM' chmod "$MNT/usr/lib/data" 0666
