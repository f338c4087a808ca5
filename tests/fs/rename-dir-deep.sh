# SPDX-License-Identifier: Apache-2.0
# Template directories with long paths are renamed too: in their place, to the
# root and below one another.
. "${0%/*}/../lib.sh"
begin
t_not_on plain "cp cannot copy paths of such a length"
t_not_on overlayfs "gives EXDEV beyond 256 bytes of path"
in_mode template && t_skip "mkstencil takes paths up to PATH_MAX"
make_lower
name=$(printf 'd%.0s' {1..200})
for depth in 3 15 40; do
	fsop mkdir "$LOWER/t$depth" , chdir "$LOWER/t$depth" , \
		deep make "$name" "$depth" , mkdir last , \
		open f last/x 'O_CREAT|O_WRONLY' , write f "depth $depth"
done
mount_fs

for depth in 3 15; do
	fsop chdir "$MNT/t$depth" , deep enter "$name" "$depth" , rename last renamed
done
remount_fs
for depth in 3 15; do
	fsop chdir "$MNT/t$depth" , deep enter "$name" "$depth" , \
		open f renamed/x O_RDONLY , "=depth $depth" read f 20 , \
		rename renamed "$MNT/moved$depth"
done
remount_fs
for depth in 3 15; do
	t_eq "depth $depth" "$(cat "$MNT/moved$depth/x")" "content at the root"
	fsop chdir "$MNT/t$depth" , deep enter "$name" "$depth" , \
		'!ENOENT' stat renamed , '!ENOENT' stat last
done
# The top of a tower: all paths below it change.
for depth in 3 15 40; do
	fsop rename "$MNT/t$depth/$name" "$MNT/tower$depth"
done
remount_fs
fsop chdir "$MNT/tower40" , deep enter "$name" 39 , rename "$MNT/moved3" here , \
	open f here/x O_RDONLY , "=depth 3" read f 20
remount_fs
fsop chdir "$MNT/tower40" , deep enter "$name" 39 , \
	open f here/x O_RDONLY , "=depth 3" read f 20
