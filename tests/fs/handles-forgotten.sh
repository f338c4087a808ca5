# SPDX-License-Identifier: Apache-2.0
# File handles go on working when the kernel has forgotten what they name.
. "${0%/*}/../lib.sh"
begin
t_not_on plain "has no cache of its own to empty"
t_not_on overlayfs "makes no handles with metacopy=on"
make_lower
mount_fs

echo new >"$MNT/new"
echo broken >"$MNT/dir/b"
h1=$(fsop handle "$MNT/dir/a")
h2=$(fsop handle "$MNT/dir/sub")
h3=$(fsop handle "$MNT/hl1")
h4=$(fsop handle "$MNT/new")
h5=$(fsop handle "$MNT/dir/b")
rm "$MNT/hl1"
forget_fs
fsop openhandle f "$MNT" "$h1" O_RDONLY , =a pread f 0 1
fsop openhandle f "$MNT" "$h2" O_RDONLY , =d fstat f type
fsop openhandle f "$MNT" "$h3" O_RDONLY , =one pread f 0 3
fsop openhandle f "$MNT" "$h4" O_RDONLY , =new pread f 0 3
fsop openhandle f "$MNT" "$h5" O_RDONLY , =broken pread f 0 6
