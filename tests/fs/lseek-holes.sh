# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# SEEK_HOLE and SEEK_DATA, on the template's file and on the copy.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

check()
{
	fsop open r "$MNT/sparse" O_RDONLY , =2097152 lseek r SEEK_DATA 0 , \
		=0 lseek r SEEK_HOLE 0 , "=$end" lseek r SEEK_HOLE 2097152 , \
		'!ENXIO' lseek r SEEK_DATA "$end" , \
		'!ENXIO' lseek r SEEK_HOLE 4000000 , \
		=3145728 lseek r SEEK_END 0 , =100 lseek r SEEK_SET 100 , \
		=107 lseek r SEEK_CUR 7 , '!EINVAL' lseek r SEEK_SET -1
}
end=2101248
check
# overlayfs copies in steps of 1 MiB.
[ "$UNDER_TEST" = overlayfs ] && end=3145728
fsop open w "$MNT/sparse" O_RDWR , pwrite w 2097152 END
check
remount_fs
check
