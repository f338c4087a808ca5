# SPDX-License-Identifier: Apache-2.0
# File handles open what they were made of, and nothing of another container.
. "${0%/*}/../lib.sh"
begin
# The kernel's overlayfs makes handles with nfs_export=on, which excludes
# metacopy.
t_not_on overlayfs "makes no handles with metacopy=on"
make_lower
mount_fs
mount_second

for f in file usr/lib/data dir hl1 link dir/sub/deep/x; do
	h=$(fsop handle "$MNT/$f")
	ino=$(fsop stat "$MNT/$f" ino)
	[ "$f" = link ] || fsop openhandle f "$MNT" "$h" O_RDONLY , "=$ino" fstat f ino
	[ "$UNDER_TEST" = plain ] || t_errno ESTALE openhandle f "$MNT2" "$h" O_RDONLY
done
# They follow a break, a rename, and the loss of one name.
h=$(fsop handle "$MNT/file")
echo changed >"$MNT/file"
mv "$MNT/file" "$MNT/dir/renamed"
fsop openhandle f "$MNT" "$h" O_RDWR , =changed pread f 0 7
h=$(fsop handle "$MNT/hl1")
exec 3<"$MNT/hl2"
rm "$MNT/hl1"
fsop openhandle f "$MNT" "$h" O_RDONLY , =one pread f 0 3
exec 3<&-
rm "$MNT/hl2" "$MNT/dir/hl3"
# A closed file lives until its RELEASE has been answered, which nobody waits
# for.
until fsop '!ESTALE' openhandle f "$MNT" "$h" O_RDONLY; do :; done
h=$(fsop handle "$MNT/emptydir")
rmdir "$MNT/emptydir"
t_errno 'ESTALE|ENOENT' openhandle f "$MNT" "$h" O_RDONLY
# What nobody ever made.
type=${h%%:*}
for hex in 0000000000000000 0100000000000000 ffffffffffffffff; do
	t_errno ESTALE openhandle f "$MNT" "$type:${hex}00000000" O_RDONLY
done
