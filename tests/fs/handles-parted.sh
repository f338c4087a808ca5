# SPDX-License-Identifier: Apache-2.0
# A file handle of an id that a node had before it parted (docs/behaviour.md,
# I14, I15a) is stale once the kernel has forgotten that inode, though the file
# is open by its new one.
. "${0%/*}/../lib.sh"
begin
t_not_on overlayfs "makes no handles with metacopy=on"
t_not_on plain "its handles are the inode's"
make_lower
echo old >"$LOWER/usr/lib/f"
mount_fs
passes_through || t_skip "nothing passes through"

f=$MNT/usr/lib/f
exec 3<"$f"
h=$(fsop handle "$f")
echo new >"$f"
exec 4<"$f"
t_errno ESTALE openhandle f "$MNT" "$h" O_RDONLY
exec 3<&-
forget_fs
t_errno ESTALE openhandle f "$MNT" "$h" O_RDONLY
h=$(fsop handle "$f")
fsop openhandle f "$MNT" "$h" O_RDONLY , =new pread f 0 3
t_eq new "$(cat <&4)" "the new one"
