# SPDX-License-Identifier: Apache-2.0
# A change of attributes copies no data, however big the file.
. "${0%/*}/../lib.sh"
begin
t_union_only
make_lower
head -c 20000000 /dev/urandom >"$LOWER/usr/lib/huge"
mount_fs

before=$(private_kb)
chown -R 5:6 "$MNT"
chmod 640 "$MNT/usr/lib/huge"
fsop utimes "$MNT/big" omit 1000
setfattr -n user.x -v y "$MNT/big"
used=$(($(private_kb) - before))
# The tree's directories cost a block each.
[ "$used" -lt 200 ] || t_fail "chown -R took $used kB in the private area"
fsop "=5 6 0640 20000000" stat "$MNT/usr/lib/huge" uid,gid,mode,size
[ "$(fsop stat "$MNT/usr/lib/huge" blocks)" -ge 39000 ] ||
	t_fail "st_blocks of a file whose data is below: $(fsop stat "$MNT/usr/lib/huge" blocks)"
cmp "$LOWER/usr/lib/huge" "$MNT/usr/lib/huge"
remount_fs
fsop "=5 6 0640 20000000" stat "$MNT/usr/lib/huge" uid,gid,mode,size , \
	=1000.000000000 stat "$MNT/big" mtime , =y getxattr "$MNT/big" user.x
cmp "$LOWER/usr/lib/huge" "$MNT/usr/lib/huge"
cmp "$LOWER/big" "$MNT/big"
# Then a write copies, and keeps the attributes.
printf X | dd of="$MNT/usr/lib/huge" bs=1 seek=5 conv=notrunc status=none
fsop "=5 6 0640 20000000" stat "$MNT/usr/lib/huge" uid,gid,mode,size , \
	=X pread 3 5 1 3<"$MNT/usr/lib/huge"
cmp -n 10000000 -i 6 "$LOWER/usr/lib/huge" "$MNT/usr/lib/huge"
remount_fs
fsop "=5 6 0640" stat "$MNT/usr/lib/huge" uid,gid,mode , \
	=X pread 3 5 1 3<"$MNT/usr/lib/huge"
