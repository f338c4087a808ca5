# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# New files: mode and umask, owner, content, names that come back.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

fsop umask 027 , open f "$MNT/new" 'O_CREAT|O_EXCL|O_RDWR' 0666 , \
	"=f 0640 0 0 1" stat "$MNT/new" type,mode,uid,gid,nlink , \
	write f abc , =abc pread f 0 9
# The creator may use a descriptor that the mode would refuse.
fsop open f "$MNT/none" 'O_CREAT|O_RDWR' 0 , write f abc , =abc pread f 0 3 , \
	=0000 fstat f mode
chmod 777 "$MNT/dir"
fsop user 1000 1001 , open f "$MNT/dir/mine" 'O_CREAT|O_RDWR' 0644 , \
	"=1000 1001" fstat f uid,gid
fsop mkdir "$MNT/newdir" 0750 , "=d 0750 2" stat "$MNT/newdir" type,mode,nlink
fsop open f "$MNT/newdir/x" 'O_CREAT|O_WRONLY' , write f x
t_errno ENOTEMPTY rmdir "$MNT/newdir"
remount_fs
t_eq abc "$(cat "$MNT/new")" "content after a remount"
fsop "=1000 1001 0644" stat "$MNT/dir/mine" uid,gid,mode
fsop "=d 0750" stat "$MNT/newdir" type,mode
t_eq x "$(cat "$MNT/newdir/x")" "content after a remount"
