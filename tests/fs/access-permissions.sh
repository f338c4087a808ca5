# SPDX-License-Identifier: Apache-2.0
# Another than root gets what modes and owners say, by the kernel's checks.
. "${0%/*}/../lib.sh"
begin
make_lower
chmod 1777 "$LOWER/emptydir"
echo roots >"$LOWER/emptydir/roots"
mkdir "$LOWER/closed" "$LOWER/listonly"
echo x >"$LOWER/closed/x"
chmod 700 "$LOWER/closed"
echo x >"$LOWER/listonly/x"
chmod 744 "$LOWER/listonly"
chmod 711 "$LOWER/sgid"
chgrp 1005 "$LOWER/dir/a"
chmod 640 "$LOWER/dir/a"
mount_fs

fsop user 1000 1000 , '!EACCES' open f "$MNT/secret" O_RDONLY , \
	'!EACCES' access "$MNT/secret" R_OK , \
	open f "$MNT/file" O_RDONLY , '!EACCES' open f "$MNT/file" O_RDWR , \
	'!EACCES' open f "$MNT/file" 'O_RDONLY|O_TRUNC' , \
	'!EACCES' access "$MNT/file" W_OK , \
	'!EACCES' open f "$MNT/new" 'O_CREAT|O_RDWR' , '!EACCES' mkdir "$MNT/new" , \
	'!EACCES' unlink "$MNT/file" , '!EACCES' rename "$MNT/file" "$MNT/x" , \
	'!EACCES' stat "$MNT/closed/x" , '!EACCES' stat "$MNT/closed/absent" , \
	'!EACCES' stat "$MNT/listonly/x" , '!EACCES' open f "$MNT/sgid" O_RDONLY , \
	'!EPERM' chmod "$MNT/file" 0666 , '!EPERM' chown "$MNT/file" 1000 1000 , \
	'!EACCES' setxattr "$MNT/file" user.x y , \
	'!EACCES' open f "$MNT/dir/a" O_RDONLY , \
	'!EPERM|EACCES' link "$MNT/secret" "$MNT/emptydir/l"
fsop user 1000 1005 , open f "$MNT/dir/a" O_RDONLY
fsop user 1001 1001 , open f "$MNT/secret" O_RDWR , write f X , chmod "$MNT/secret" 0400 , \
	'!EACCES' open f "$MNT/secret" O_RDWR
# A sticky directory.
fsop user 1000 1000 , open f "$MNT/emptydir/mine" 'O_CREAT|O_RDWR' , \
	'!EPERM|EACCES' unlink "$MNT/emptydir/roots" , \
	'!EPERM|EACCES' rename "$MNT/emptydir/roots" "$MNT/emptydir/r2"
fsop user 1001 1001 , '!EPERM|EACCES' unlink "$MNT/emptydir/mine"
fsop user 1000 1000 , rename "$MNT/emptydir/mine" "$MNT/emptydir/mine2" , \
	unlink "$MNT/emptydir/mine2"
remount_fs
fsop user 1000 1000 , '!EACCES' open f "$MNT/secret" O_RDONLY , \
	'!EACCES' stat "$MNT/closed/x"
fsop =0400 stat "$MNT/secret" mode
