# SPDX-License-Identifier: Apache-2.0
# Hard links of the template stay one file over remounts between the breaks.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

ino=$(fsop stat "$MNT/hl1" ino)
for name in hl2 dir/hl3 hl1; do
	remount_fs
	# The first look after the mount is the break itself.
	echo "by $name" >"$MNT/$name"
	remount_fs
	for f in dir/hl3 hl1 hl2; do
		t_eq "by $name" "$(cat "$MNT/$f")" "content of $f"
		fsop "=$ino 3" stat "$MNT/$f" ino,nlink
	done
done
fsdir check "$MNT" >/dev/null
