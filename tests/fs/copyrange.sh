# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# copy_file_range between all pairs of shared, broken and new files.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

fsop open from "$MNT/big" O_RDONLY , open to "$MNT/file" O_RDWR , \
	=4 copyrange from 10 to 5 4 , "=templBBBBfile
" pread to 0 100
fsop open from "$MNT/usr/lib/data" O_RDONLY , \
	open to "$MNT/new" 'O_CREAT|O_RDWR' , \
	=9 copyrange from 0 to 0 100 , "=usr data
" pread to 0 100 , =0 copyrange from 9 to 9 100 , \
	'!EBADF' copyrange to 0 from 0 4
fsop open to "$MNT/new" O_RDWR , open from "$MNT/file" O_RDONLY , \
	=5 copyrange from 5 to 0 5 , "=BBBBfata
" pread to 0 100
# From outside, and to outside: the kernel may copy between file systems or
# refuse it.
echo outside >"$T/outside"
fsop open from "$T/outside" O_RDONLY , open to "$MNT/dir/a" O_RDWR , \
	=8 copyrange from 0 to 0 8 , open out "$T/out" 'O_CREAT|O_RDWR' , \
	=8 copyrange to 0 out 0 8 2>/dev/null ||
	fsop open from "$T/outside" O_RDONLY , open to "$MNT/dir/a" O_RDWR , \
		'!EXDEV' copyrange from 0 to 0 8
cp "$MNT/big" "$MNT/big2"
cmp "$MNT/big" "$MNT/big2"
remount_fs
t_eq "templBBBBfile" "$(cat "$MNT/file")" "content after a remount"
t_eq "BBBBfata" "$(cat "$MNT/new")" "content after a remount"
cmp "$LOWER/big" "$MNT/big2"
