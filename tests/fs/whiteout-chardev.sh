# SPDX-License-Identifier: Apache-2.0
# Character devices 0/0 of a lower hide names below and are not seen.
. "${0%/*}/../lib.sh"
begin
t_union_only
in_mode template && t_skip "templates hold no whiteouts"
make_lower
mkdir -p "$T/top/dir"
mknod "$T/top/file" c 0 0
mknod "$T/top/usr" c 0 0
mknod "$T/top/dir/a" c 0 0
mknod "$T/top/dir/never" c 0 0
LOWERS=("$T/top" "$LOWER")
mount_fs

steps()
{
	cd "$1"
	echo new >file
	mkdir usr
	echo x >dir/a
	mv dir/b dir/never
	rm dir/never
	cd "$T"
}
for f in file usr dir/a dir/never; do
	t_errno ENOENT stat "$MNT/$f"
done
t_eq "b c hl3 sub up" "$(echo $(ls "$MNT/dir"))" "names of dir"
same_as_plain steps
t_eq "" "$(ls "$MNT/usr")" "names of a directory made over a whiteout"
