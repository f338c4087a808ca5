# SPDX-License-Identifier: Apache-2.0
# Nothing inside a root leads out of it: links, dots, moved directories.
. "${0%/*}/../lib.sh"
begin
make_lower
ln -s /etc/hostname "$LOWER/absolute"
ln -s ../../../../../../etc/passwd "$LOWER/dots"
mount_fs

cp /bin/busybox "$MNT/usr/bin/" 2>/dev/null || :
echo host >"$T/outside"
fsop chroot "$MNT" , chdir / , '!ENOENT' stat "$T/outside" , \
	open f /dots O_RDONLY , =root:x:0:0 pread f 0 10 , \
	'!ENOENT' open f /absolute O_RDONLY , =d stat /.. type , \
	'!ENOENT' stat /../../outside
# A working directory that moves out of a subtree stays in the container.
cd "$MNT/dir/sub"
mv "$MNT/dir/sub" "$MNT/emptydir/sub"
t_eq "$MNT/emptydir/sub" "$(pwd -P)" "working directory after the move"
fsop =f stat ../../file type
cd "$T"
# Trees that are not the container's do not appear in it.
for name in work index upper private store lower; do
	t_errno ENOENT stat "$MNT/$name"
done
