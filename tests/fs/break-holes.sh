# SPDX-License-Identifier: Apache-2.0
# Holes of the template's file are holes of the copy.
. "${0%/*}/../lib.sh"
begin
make_lower
truncate -s 1G "$LOWER/hole"
printf middle | dd of="$LOWER/hole" bs=1 seek=500M conv=notrunc status=none
mount_fs

# overlayfs looks for holes in steps of 1 MiB.
[ "$UNDER_TEST" = overlayfs ] && slack=4096 || slack=16
for f in sparse hole; do
	want=$(fsop stat "$LOWER/$f" blocks)
	printf x | dd of="$MNT/$f" bs=1 seek=0 conv=notrunc status=none
	got=$(fsop stat "$MNT/$f" blocks)
	[ "$got" -le $((want + slack)) ] ||
		t_fail "$f: $got blocks on the copy, $want in the template"
	fsop "=$(fsop stat "$LOWER/$f" size)" stat "$MNT/$f" size
done
fsop open r "$MNT/hole" O_RDONLY , =x.. pread r 0 3 , \
	=.middle. pread r $((500 * 1048576 - 1)) 8
