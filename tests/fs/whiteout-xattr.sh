# SPDX-License-Identifier: Apache-2.0
# Empty files with overlay.whiteout, in a directory marked opaque=x, are
# whiteouts.
. "${0%/*}/../lib.sh"
begin
t_union_only
in_mode template && t_skip "templates hold no whiteouts"
make_lower
mkdir -p "$T/top/dir"
for f in file dir/a; do
	: >"$T/top/$f"
	setfattr -n trusted.overlay.whiteout -v y "$T/top/$f"
done
setfattr -n trusted.overlay.opaque -v x "$T/top/dir"
setfattr -n trusted.overlay.opaque -v x "$T/top"
LOWERS=("$T/top" "$LOWER")
mount_fs

for f in file dir/a; do
	t_errno ENOENT stat "$MNT/$f"
done
t_eq "b c hl3 sub up" "$(echo $(ls "$MNT/dir"))" "names of dir"
steps()
{
	cd "$1"
	echo new >file
	echo x >dir/a
	rm dir/b
	cd "$T"
}
same_as_plain steps
