# SPDX-License-Identifier: Apache-2.0
# overlayfs's names, set inside, are shown back inside and mean nothing.
. "${0%/*}/../lib.sh"
begin
t_not_on plain "they are ordinary there"
make_lower
mount_fs

fsop setxattr "$MNT/dir" trusted.overlay.opaque y , \
	setxattr "$MNT/file" trusted.overlay.redirect /etc , \
	setxattr "$MNT/emptydir" trusted.overlay.redirect /dir , \
	setxattr "$MNT/empty" trusted.overlay.whiteout y , \
	setxattr "$MNT/big" trusted.overlay.metacopy ""
check()
{
	fsop =y getxattr "$MNT/dir" trusted.overlay.opaque , \
		"=trusted.overlay.opaque" listxattr "$MNT/dir" , \
		=/etc getxattr "$MNT/file" trusted.overlay.redirect , \
		"=trusted.overlay.redirect" listxattr "$MNT/emptydir" , \
		"=trusted.overlay.metacopy" listxattr "$MNT/big" , \
		=y getxattr "$MNT/empty" trusted.overlay.whiteout , \
		=f stat "$MNT/empty" type , =BB pread 3 0 2 3<"$MNT/big"
	t_eq "a b c hl3 sub up" "$(echo $(ls "$MNT/dir"))" "names of dir"
	t_eq "" "$(ls "$MNT/emptydir")" "names of emptydir"
}
check
remount_fs
check
fsop removexattr "$MNT/dir" trusted.overlay.opaque , = listxattr "$MNT/dir" , \
	'!ENODATA' removexattr "$MNT/dir" trusted.overlay.opaque
# Those that the union keeps for itself are not shown.
mv "$MNT/dir" "$MNT/moved"
chmod 600 "$MNT/attrs"
fsop = listxattr "$MNT/moved" , "=trusted.shape user.color" listxattr "$MNT/attrs" , \
	'!ENODATA' getxattr "$MNT/moved" trusted.overlay.redirect
