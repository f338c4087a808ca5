# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# Names of one file stay one file after a break, by whichever name.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

check()
{
	local f

	for f in hl1 hl2 dir/hl3; do
		t_eq "$1" "$(cat "$MNT/$f")" "content of $f"
		fsop "=$(fsop stat "$MNT/hl1" ino) 3" stat "$MNT/$f" ino,nlink
	done
}
check "one file, three names"
echo second >"$MNT/hl2"
check second
echo third >>"$MNT/dir/hl3"
check "second
third"
fsop chmod "$MNT/hl1" 0604
for f in hl1 hl2 dir/hl3; do
	fsop =0604 stat "$MNT/$f" mode
done
# One name is open while the other breaks.
fsop open a "$MNT/hl1" O_RDWR , open b "$MNT/hl2" O_RDONLY , \
	pwrite a 0 SECOND , =SECOND pread b 0 6
check "SECOND
third"
