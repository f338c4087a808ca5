# SPDX-License-Identifier: Apache-2.0
# Opaque directories of a lower hide what is below it, in all three dialects.
. "${0%/*}/../lib.sh"
begin
t_union_only
make_lower
mkdir -p "$T"/top/{dir/sub,usr/lib,etc}
echo top >"$T/top/dir/new"
setfattr -n trusted.overlay.opaque -v y "$T/top/dir"
want="dir usr"
if [ "$UNDER_TEST" = stencilfs ]; then
	setfattr -n user.overlay.opaque -v y "$T/top/usr"
	: >"$T/top/etc/.wh..wh..opq"
	mkdir -p "$T/second/sgid" "$T/second/emptydir"
	setfattr -n user.fuseoverlayfs.opaque -v y "$T/second/sgid"
	echo below >"$LOWER/sgid/below"
	LOWERS=("$T/top" "$T/second" "$LOWER")
	want="dir usr etc sgid"
else
	setfattr -n trusted.overlay.opaque -v y "$T/top/usr"
	LOWERS=("$T/top" "$LOWER")
fi
in_mode template && t_skip "templates hold no dialects"
mount_fs

check()
{
	local d

	t_eq "new sub" "$(echo $(ls "$MNT/dir"))" "names of dir"
	t_eq "" "$(ls "$MNT/dir/sub")" "names of dir/sub"
	t_eq "lib" "$(ls "$MNT/usr")" "names of usr"
	t_errno ENOENT stat "$MNT/usr/lib/data"
	t_errno ENOENT stat "$MNT/dir/a"
	for d in $want; do
		fsop = listxattr "$MNT/$d"
	done
	case $want in *sgid*)
		t_eq "" "$(ls -A "$MNT/etc")" "names of etc"
		t_eq "" "$(ls -A "$MNT/sgid")" "names of sgid" ;;
	esac
	fsdir check "$MNT" >/dev/null
}
check
echo x >"$MNT/dir/x"
rm "$MNT/dir/x"
remount_fs
check
