# SPDX-License-Identifier: Apache-2.0
# O_TMPFILE|O_EXCL can never be linked; nothing of it remains.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

fsop open t "$MNT/dir" 'O_TMPFILE|O_RDWR|O_EXCL' 0600 , write t abc , \
	=abc pread t 0 9 , '!ENOENT' linkfd t "$MNT/dir/x"
t_errno ENOENT stat "$MNT/dir/x"
t_errno EINVAL open t "$MNT/dir" 'O_TMPFILE|O_RDONLY'
t_errno ENOTDIR open t "$MNT/file" 'O_TMPFILE|O_RDWR'
fsop user 1000 1000 , '!EACCES' open t "$MNT/dir" 'O_TMPFILE|O_RDWR'
if [ "$UNDER_TEST" != plain ]; then
	before=$(private_kb)
	fsop open t "$MNT/dir" 'O_TMPFILE|O_RDWR' 0600 , write t 'x*2M'
	used=$(($(private_kb) - before))
	[ "$used" -lt 100 ] || t_fail "$used kB are left of a closed O_TMPFILE"
fi
