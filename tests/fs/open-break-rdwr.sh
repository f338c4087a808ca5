# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# O_RDWR reads the template's content until something is written, then both.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

fsop open f "$MNT/big" O_RDWR , =BBBB pread f 1048572 100 , \
	pwrite f 500000 xyz , =BxyzB pread f 499999 5 , \
	=BB pread f 0 2 , pwrite f 1048576 tail , =1048580 fstat f size
fsop open f "$MNT/file" O_RDWR , "=template file
" read f 100 , write f end , "=template file
end" pread f 0 100
# Open for writing, but nothing written: content and times stay.
mtime=$(fsop stat "$MNT/dir/a" mtime)
fsop open f "$MNT/dir/a" O_RDWR , close f
fsop "=$mtime" stat "$MNT/dir/a" mtime
remount_fs
fsop "=$mtime" stat "$MNT/dir/a" mtime
t_eq a "$(cat "$MNT/dir/a")" "content after an open without a write"
fsop open f "$MNT/big" O_RDONLY , =BxyzB pread f 499999 5 , =tail pread f 1048576 9
