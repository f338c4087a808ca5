# SPDX-License-Identifier: Apache-2.0
# Links give their target as it was written, whatever it is.
. "${0%/*}/../lib.sh"
begin
make_lower
long=$(printf 'x%.0s' {1..4000})
ln -s "$long" "$LOWER/longlink"
mount_fs

fsop =file readlink "$MNT/link"
fsop =nowhere readlink "$MNT/dangling"
fsop "=$long" readlink "$MNT/longlink"
t_errno EINVAL readlink "$MNT/file"
for target in ////etc/shadow /../../.. . '' "$long"; do
	if [ -z "$target" ]; then
		t_errno ENOENT symlink "" "$MNT/new"
		continue
	fi
	fsop symlink "$target" "$MNT/new" , "=$target" readlink "$MNT/new"
	fsop =${#target} stat "$MNT/new" size
	remount_fs
	fsop "=$target" readlink "$MNT/new" , unlink "$MNT/new"
done
# A link's own attributes break it alone.
fsop chown "$MNT/link" 7 8 , "=7 8" stat "$MNT/link" uid,gid
fsop "=0 0" stat "$MNT/file" uid,gid
fsop utimes "$MNT/link" 5 6.000000007 , =6.000000007 stat "$MNT/link" mtime
remount_fs
fsop "=7 8 6.000000007" stat "$MNT/link" uid,gid,mtime
fsop =file readlink "$MNT/link"
