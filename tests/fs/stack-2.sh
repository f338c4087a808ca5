# SPDX-License-Identifier: Apache-2.0
# Two templates: the upper one wins, directories are merged, kinds may differ.
. "${0%/*}/../lib.sh"
begin
t_union_only
make_lower
mkdir -p "$T"/top/{dir/sub,usr/share,file,new}
echo top >"$T/top/dir/a"
echo top >"$T/top/dir/top"
echo top >"$T/top/usr/share/x"
echo top >"$T/top/etc"
chmod 750 "$T/top/dir"
ln "$T/top/dir/a" "$T/top/dir/a2"
LOWERS=("$T/top" "$LOWER")
mount_fs

check()
{
	t_eq "a a2 b c hl3 sub top up" "$(echo $(ls "$MNT/dir"))" "names of dir"
	t_eq top "$(cat "$MNT/dir/a")" "content of what is in both"
	t_eq b "$(cat "$MNT/dir/b")" "content of what is in the lower"
	t_eq top "$(cat "$MNT/etc")" "content of a file over a directory"
	t_eq "" "$(ls "$MNT/file")" "names of a directory over a file"
	t_eq x "$(cat "$MNT/dir/sub/deep/x")" "content below an upper directory"
	t_eq "bin lib share" "$(echo $(ls "$MNT/usr"))" "names of usr"
	fsop =0750 stat "$MNT/dir" mode , =2 stat "$MNT/dir/a" nlink
	t_errno ENOTDIR stat "$MNT/etc/passwd"
	fsdir check "$MNT" >/dev/null
}
check
remount_fs
check
steps()
{
	cd "$1"
	rm dir/a		# nothing of the lower one comes through
	echo more >>dir/b
	rm etc
	mkdir etc
	rmdir file
	echo x >file
	rm -r usr
	cd "$T"
}
same_as_plain steps
t_eq "" "$(ls -A "$MNT/etc")" "names of a directory made where a file was"
