# SPDX-License-Identifier: Apache-2.0
# statfs shows the private area's file system, and FUSE's magic.
. "${0%/*}/../lib.sh"
begin
t_union_only
make_lower
use_disk ext4 32M private
mount_fs

[ "$UNDER_TEST" = overlayfs ] && magic=$((0x794c7630)) || magic=$((0x65735546))
fsop "=$magic" statfs "$MNT" type
for field in bsize blocks files namelen; do
	fsop "=$(fsop statfs "$UPPER" $field)" statfs "$MNT/dir" $field
done
free=$(fsop statfs "$MNT" bavail)
fsop open w "$MNT/new" 'O_CREAT|O_WRONLY' , write w 'x*8M' , fsync w
used=$(((free - $(fsop statfs "$MNT" bavail)) * $(fsop statfs "$MNT" bsize)))
[ "$used" -ge 8000000 ] && [ "$used" -le 9000000 ] ||
	t_fail "8 MiB written, free space shrank by $used"
df -k "$MNT" >out
