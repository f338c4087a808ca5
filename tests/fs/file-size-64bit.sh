# SPDX-License-Identifier: Apache-2.0
# Offsets and sizes of terabytes.
. "${0%/*}/../lib.sh"
begin
in_mode template && t_skip "a digest of 2 TiB takes hours"
make_lower
truncate -s 2T "$LOWER/huge"
printf end | dd of="$LOWER/huge" bs=1 seek=1T conv=notrunc status=none
mount_fs

fsop =2199023255552 stat "$MNT/huge" size , open r "$MNT/huge" O_RDONLY , \
	=end pread r 1T 3 , =1099511627776 lseek r SEEK_DATA 4096
fsop open n "$MNT/new" 'O_CREAT|O_RDWR' , pwrite n 1T far , =far pread n 1T 9 , \
	=1099511627779 fstat n size , ftruncate n 4T
fsop =4398046511104 stat "$MNT/new" size
# Breaking it copies the data only.
fsop open w "$MNT/huge" O_RDWR , pwrite w 5G mid , =mid pread w 5G 3 , \
	=end pread w 1T 3 , =2199023255552 fstat w size
remount_fs
fsop open r "$MNT/huge" O_RDONLY , =mid pread r 5G 3 , =end pread r 1T 3 , \
	truncate "$MNT/huge" 3G , =3221225472 fstat r size
t_errno 'EFBIG|EINVAL' truncate "$MNT/huge" 9223372036854775807
fsop =4398046511104 stat "$MNT/new" size , =3221225472 stat "$MNT/huge" size
rm "$MNT/huge" "$MNT/new"
