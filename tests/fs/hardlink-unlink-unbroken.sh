# SPDX-License-Identifier: Apache-2.0
# Names of an unbroken file are removed, all of them, with it open.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

exec 3<"$MNT/hl1"
rm "$MNT/hl1" "$MNT/hl2"
fsop =1 stat "$MNT/dir/hl3" nlink , =1 fstat 3 nlink
rm "$MNT/dir/hl3"
fsop =one pread 3 0 3
# overlayfs goes on showing the link count of the lower file.
[ "$UNDER_TEST" = overlayfs ] || fsop =0 fstat 3 nlink
exec 3<&-
remount_fs
for f in hl1 hl2 dir/hl3; do
	t_errno ENOENT stat "$MNT/$f"
done
