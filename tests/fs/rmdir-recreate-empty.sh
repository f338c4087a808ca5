# SPDX-License-Identifier: Apache-2.0
# A directory removed and made again is empty, however often.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

t_errno ENOTEMPTY rmdir "$MNT/dir"
fsop rmdir "$MNT/emptydir" , mkdir "$MNT/emptydir" , rmdir "$MNT/emptydir"
for round in 1 2 3; do
	rm -r "$MNT/dir"
	t_errno ENOENT stat "$MNT/dir"
	t_errno ENOENT open f "$MNT/dir/a" O_RDONLY
	mkdir "$MNT/dir"
	t_eq "" "$(ls -A "$MNT/dir")" "names in round $round"
	t_errno ENOENT stat "$MNT/dir/a"
	t_errno ENOENT stat "$MNT/dir/sub"
	remount_fs
	t_eq "" "$(ls -A "$MNT/dir")" "names after remount $round"
	mkdir -p "$MNT/dir/sub/deep"
	echo mine >"$MNT/dir/a"
	t_errno ENOENT stat "$MNT/dir/sub/deep/x"
done
# Emptied name by name, then removed: no whiteout is in the way.
rm "$MNT/usr/bin/prog" "$MNT/usr/lib/data"
rmdir "$MNT/usr/bin" "$MNT/usr/lib" "$MNT/usr"
t_errno ENOENT stat "$MNT/usr"
remount_fs
t_errno ENOENT stat "$MNT/usr"
t_errno ENOENT stat "$MNT/emptydir"
