# SPDX-License-Identifier: Apache-2.0
# A directory whose path is longer than an attribute can hold: its rename works
# in its place; elsewhere it may give EXDEV, and then changes nothing.
. "${0%/*}/../lib.sh"
begin
t_not_on plain "cp cannot copy paths of such a length"
t_not_on overlayfs "gives EXDEV beyond 256 bytes of path"
in_mode template && t_skip "mkstencil takes paths up to PATH_MAX"
make_lower
name=$(printf 'd%.0s' {1..200})
fsop mkdir "$LOWER/t" , chdir "$LOWER/t" , deep make "$name" 40 , mkdir last , \
	open f last/x 'O_CREAT|O_WRONLY' , write f "deep down"
mount_fs

fsop chdir "$MNT/t" , deep enter "$name" 40 , rename last renamed
remount_fs
fsop chdir "$MNT/t" , deep enter "$name" 40 , \
	open f renamed/x O_RDONLY , "=deep down" read f 20
if fsop chdir "$MNT/t" , deep enter "$name" 40 , rename renamed "$MNT/moved" 2>err; then
	remount_fs
	t_eq "deep down" "$(cat "$MNT/moved/x")" "content at the root"
else
	grep -q 'got EXDEV' err || t_fail "neither success nor EXDEV: $(cat err)"
	t_errno ENOENT stat "$MNT/moved"
	fsop chdir "$MNT/t" , deep enter "$name" 40 , \
		open f renamed/x O_RDONLY , "=deep down" read f 20
fi
