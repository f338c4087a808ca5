# SPDX-License-Identifier: Apache-2.0
# .wh.NAME files of a lower (AUFS, as in OCI layers) hide names below.
. "${0%/*}/../lib.sh"
begin
t_not_on plain "has no layers"
t_not_on overlayfs "does not read AUFS names"
in_mode template && t_skip "such names are ordinary in a template"
make_lower
mkdir -p "$T/top/dir"
: >"$T/top/.wh.file"
: >"$T/top/.wh.usr"
: >"$T/top/dir/.wh.a"
: >"$T/top/dir/.wh.never"
echo here >"$T/top/dir/c"
: >"$T/top/dir/.wh.c"	# hides what is below, not its own layer
LOWERS=("$T/top" "$LOWER")
mount_fs

check()
{
	local f

	for f in file usr dir/a dir/never .wh.file dir/.wh.a; do
		t_errno ENOENT stat "$MNT/$f"
	done
	t_eq "b c hl3 sub up" "$(echo $(ls -A "$MNT/dir"))" "names of dir"
	t_eq here "$(cat "$MNT/dir/c")" "content beside its own whiteout"
}
check
steps()
{
	cd "$1"
	echo new >file
	mkdir usr
	echo x >dir/a
	rm dir/a
	cd "$T"
}
same_as_plain steps
t_errno ENOENT stat "$MNT/dir/a"
t_eq "" "$(ls "$MNT/usr")" "names of a directory made over a whiteout"
