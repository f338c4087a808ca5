# SPDX-License-Identifier: Apache-2.0
# O_TMPFILE: nameless until it is linked.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

names=$(ls -A "$MNT/dir")
fsop umask 022 , open t "$MNT/dir" 'O_TMPFILE|O_RDWR' 0666 , \
	"=f 0644 0" fstat t type,mode,nlink , write t content , \
	sh "test \"\$(ls -A '$MNT/dir')\" = \"$names\"" , \
	linkfd t "$MNT/dir/linked" , =1 fstat t nlink , \
	=content pread t 0 10 , write t more
t_eq contentmore "$(cat "$MNT/dir/linked")" "content by the name"
fsop open t "$MNT" 'O_TMPFILE|O_WRONLY' 0600 , write t gone , \
	'!EEXIST' linkfd t "$MNT/file" , linkfd t "$MNT/emptydir/x"
remount_fs
t_eq contentmore "$(cat "$MNT/dir/linked")" "content after a remount"
fsop "=0644 1" stat "$MNT/dir/linked" mode,nlink
t_eq gone "$(cat "$MNT/emptydir/x")" "content after a remount"
fsdir check "$MNT" >/dev/null
