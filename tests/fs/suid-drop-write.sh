# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# Writing as another than root drops set-id bits, as on ext4, by every call
# that changes content; root keeps them.
. "${0%/*}/../lib.sh"
begin
make_lower
for op in write pwrite append mmap fallocate punch copyrange root none; do
	echo suid >"$LOWER/dir/$op"
	echo sgid >"$LOWER/dir/$op.nox"
	echo both >"$LOWER/dir/$op.both"
	chown 1000:1000 "$LOWER/dir/$op"*
	chmod 4755 "$LOWER/dir/$op"
	chmod 2745 "$LOWER/dir/$op.nox"
	chmod 6777 "$LOWER/dir/$op.both"
done
mount_fs

steps()
{
	local e d=$1/dir

	for e in "" .nox .both; do
		fsop user 1000 1000 , open w "$d/write$e" O_WRONLY , write w X
		fsop user 1000 1000 , open w "$d/pwrite$e" O_RDWR , pwrite w 100 X
		fsop user 1000 1000 , open w "$d/append$e" 'O_WRONLY|O_APPEND' , write w X
		fsop user 1000 1000 , open w "$d/mmap$e" O_RDWR , \
			mmap m w 0 4096 'PROT_READ|PROT_WRITE' MAP_SHARED , \
			mput m 0 X , msync m
		fsop user 1000 1000 , open w "$d/fallocate$e" O_RDWR , fallocate w 0 0 100
		fsop user 1000 1000 , open w "$d/punch$e" O_RDWR , \
			fallocate w 'FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE' 0 2
		fsop user 1000 1000 , open w "$d/copyrange$e" O_RDWR , \
			open r "$1/file" O_RDONLY , =3 copyrange r 0 w 0 3
		fsop open w "$d/root$e" O_RDWR , write w X
		fsop user 1000 1000 , open w "$d/none$e" O_RDWR , close w
	done
}
same_as_plain steps
fsop =0755 stat "$MNT/dir/write" mode , =4755 stat "$MNT/dir/root" mode , \
	=4755 stat "$MNT/dir/none" mode
