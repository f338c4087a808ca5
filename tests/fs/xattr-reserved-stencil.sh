# SPDX-License-Identifier: Apache-2.0
# Our own attributes are refused and never shown, whoever asks.
. "${0%/*}/../lib.sh"
begin
t_not_on overlayfs "knows nothing of them"
t_not_on plain "knows nothing of them"
make_lower
# As mkstencil leaves them.
in_mode template ||
	setfattr -n trusted.stencil.sha1 -v "$(sha1sum "$LOWER/dir/a" | cut -c1-40)" \
		"$LOWER/dir/a"
mount_fs

for f in dir/a file dir link; do
	for name in sha1 links ino rdev other; do
		t_errno EPERM setxattr "$MNT/$f" trusted.stencil.$name x
		t_errno 'EPERM|ENODATA' removexattr "$MNT/$f" trusted.stencil.$name
		t_errno ENODATA getxattr "$MNT/$f" trusted.stencil.$name
	done
	fsop = listxattr "$MNT/$f"
done
fsop open r "$MNT/dir/a" O_RDONLY , '!EPERM' fsetxattr r trusted.stencil.sha1 x , \
	'!ENODATA' fgetxattr r trusted.stencil.sha1
# Hard links, renames and breaks may make some on disk.
ln "$MNT/dir/a" "$MNT/dir/a2"
echo x >>"$MNT/hl1"
mv "$MNT/dir" "$MNT/moved"
for f in moved moved/a moved/a2 hl1 hl2; do
	fsop = listxattr "$MNT/$f"
done
remount_fs
for f in moved moved/a moved/a2 hl1 hl2; do
	fsop = listxattr "$MNT/$f"
done
