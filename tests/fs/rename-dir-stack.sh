# SPDX-License-Identifier: Apache-2.0
# A directory that several templates fill is renamed with all of it.
. "${0%/*}/../lib.sh"
begin
t_union_only
make_lower
mkdir -p "$T/top/dir/sub" "$T/middle/dir"
echo top >"$T/top/dir/a"
echo top >"$T/top/dir/sub/top"
echo middle >"$T/middle/dir/middle"
echo middle >"$T/middle/dir/a"
LOWERS=("$T/top" "$T/middle" "$LOWER")
mount_fs

steps()
{
	cd "$1"
	fsop rename dir moved
	fsop rename moved/sub emptydir/sub
	echo changed >>moved/middle
	rm moved/a
	cd "$T"
}
same_as_plain steps
t_eq "b c hl3 middle up" "$(echo $(ls "$MNT/moved"))" "names of the merged directory"
t_eq "deep top" "$(echo $(ls "$MNT/emptydir/sub"))" "names of its subdirectory"
