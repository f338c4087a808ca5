# SPDX-License-Identifier: Apache-2.0
# Character devices work as devices.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

fsop umask 0 , mknod "$MNT/zero" c 0666 1 5 , "=c 0666 1:5" stat "$MNT/zero" type,mode,rdev , \
	open z "$MNT/zero" O_RDONLY , =.... read z 4
echo lost >"$MNT/null"
t_eq "" "$(cat "$MNT/null")" "what null gives"
fsop mknod "$MNT/big-numbers" c 0600 4095 1048575 , \
	=4095:1048575 stat "$MNT/big-numbers" rdev
chmod 600 "$MNT/null"
mv "$MNT/null" "$MNT/dir/null"
remount_fs
fsop "=c 0600 1:3" stat "$MNT/dir/null" type,mode,rdev , \
	"=c 0666 1:5" stat "$MNT/zero" type,mode,rdev , \
	=4095:1048575 stat "$MNT/big-numbers" rdev
echo lost >"$MNT/dir/null"
fsop user 1000 1000 , '!EPERM|EACCES' mknod "$MNT/mine" c 0600 1 5
