# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# An unlinked open file lives until its last close and leaves nothing behind.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

# The template's file, read only; then broken after the unlink.
exec 3<"$MNT/file" 4<>"$MNT/dir/a" 5<>"$MNT/big"
rm "$MNT/file" "$MNT/dir/a" "$MNT/big"
fsop =template pread 3 0 8
# overlayfs cannot break what has no name any more.
[ "$UNDER_TEST" = overlayfs ] || fsop fchmod 3 0600 , =0600 fstat 3 mode
fsop pwrite 4 0 written , =written pread 4 0 10 , ftruncate 4 3 , =3 fstat 4 size
fsop pwrite 5 10000000 far , =BBBB pread 5 0 4 , =far pread 5 10000000 9 , \
	fsync 5 , fsetxattr 5 user.x y , =y fgetxattr 5 user.x
# A new one of that name has nothing to do with it.
echo new >"$MNT/big"
fsop =BBBB pread 5 0 4
t_eq new "$(cat "$MNT/big")" "content of the new file"
# A new file.
fsop open f "$MNT/new" 'O_CREAT|O_RDWR' , write f abc , unlink "$MNT/new" , \
	=abc pread f 0 9 , write f def , =6 fstat f size
# Given back through /proc.
t_eq 3 "$(wc -c <"/proc/$$/fd/4")" "size read through /proc"
exec 3<&- 4<&- 5<&-
if [ "$UNDER_TEST" != plain ]; then
	used=$(private_kb)
	[ "$used" -lt 200 ] || t_fail "$used kB in the private area after the close"
fi
remount_fs
t_errno ENOENT stat "$MNT/file"
t_eq new "$(cat "$MNT/big")" "content after a remount"
