# SPDX-License-Identifier: Apache-2.0
# O_TRUNC copies no data, nor does truncate to nothing.
. "${0%/*}/../lib.sh"
begin
t_union_only
make_lower
head -c 50000000 /dev/urandom >"$LOWER/huge"
cp "$LOWER/huge" "$LOWER/huge2"
# No room for a copy: it would fail.
use_disk ext4 20M private
mount_fs

fsop open w "$MNT/huge" 'O_WRONLY|O_TRUNC' , write w small
t_eq small "$(cat "$MNT/huge")" "content"
# The kernel's overlayfs copies before it truncates.
if [ "$UNDER_TEST" != overlayfs ]; then
	fsop truncate "$MNT/huge2" 0 , =0 stat "$MNT/huge2" size
fi
used=$(private_kb)
[ "$used" -lt 1000 ] || t_fail "$used kB in the private area"
remount_fs
t_eq small "$(cat "$MNT/huge")" "content after a remount"
