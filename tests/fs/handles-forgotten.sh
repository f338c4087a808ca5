# SPDX-License-Identifier: Apache-2.0
# File handles of what the kernel has forgotten are stale (behaviour.md, I14).
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
# The ids in them have ended: they lead nowhere, least of all to another file.
# Nobody waits for a FORGET: what was asked for before it came is remembered
# again, and to be forgotten once more.
for h in "$h1" "$h2" "$h3" "$h4" "$h5"; do
	until fsop '!ESTALE' openhandle f "$MNT" "$h" O_RDONLY; do
		forget_fs
	done
done
# New ones are as good as ever.
h1=$(fsop handle "$MNT/dir/a")
fsop openhandle f "$MNT" "$h1" O_RDONLY , =a pread f 0 1
