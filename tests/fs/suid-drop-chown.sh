# SPDX-License-Identifier: Apache-2.0
# chown drops set-id bits, whoever does it; chmod by a stranger to the group
# drops S_ISGID.
. "${0%/*}/../lib.sh"
begin
make_lower
for op in root group same nogroup chmod; do
	for mode in 4755 2755 6755 2745 6644; do
		echo x >"$LOWER/dir/$op.$mode"
		chown 1000:1000 "$LOWER/dir/$op.$mode"
		[ $op = chmod ] && chgrp 1005 "$LOWER/dir/$op.$mode"
		chmod $mode "$LOWER/dir/$op.$mode"
	done
done
mkdir "$LOWER/dir/d"
chmod 6755 "$LOWER/dir/d"
mount_fs

steps()
{
	local mode d=$1/dir

	for mode in 4755 2755 6755 2745 6644; do
		fsop chown "$d/root.$mode" 1001 1001
		fsop chown "$d/group.$mode" -1 1001
		fsop user 1000 1000 , chown "$d/same.$mode" 1000 1000
		# By root, FUSE sends the same for this as before a write to
		# a file with capabilities: root keeps the bits then.
		fsop user 1000 1000 , chown "$d/nogroup.$mode" -1 -1
		fsop user 1000 1000 , chmod "$d/chmod.$mode" 06755
	done
	fsop chown "$d/d" 7 7
}
same_as_plain steps
fsop =0755 stat "$MNT/dir/root.6755" mode , =6755 stat "$MNT/dir/d" mode , \
	=4755 stat "$MNT/dir/chmod.6644" mode
