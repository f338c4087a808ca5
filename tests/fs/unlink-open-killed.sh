# SPDX-License-Identifier: Apache-2.0
# Killed with unlinked files open: nothing is left of them.
. "${0%/*}/../lib.sh"
begin
t_not_on plain "has no daemon"
t_not_on overlayfs "has no daemon"
make_lower
mount_fs

before=$(private_kb)
exec 3<>"$MNT/big" 4<>"$MNT/new"
fsop write 4 'x*2M' , pwrite 3 0 'y*2M'
rm "$MNT/big" "$MNT/new"
kill_fs
exec 3<&- 4<&-
mount_fs
t_errno ENOENT stat "$MNT/big"
t_errno ENOENT stat "$MNT/new"
used=$(($(private_kb) - before + $(du -sk "$WORK" | cut -f1)))
[ "$used" -lt 200 ] || t_fail "$used kB are left on disk"
