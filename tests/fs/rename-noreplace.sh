# SPDX-License-Identifier: Apache-2.0
# RENAME_NOREPLACE refuses whatever exists, in the template or not.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

t_errno EEXIST rename "$MNT/file" "$MNT/big" RENAME_NOREPLACE
t_errno EEXIST rename "$MNT/file" "$MNT/emptydir" RENAME_NOREPLACE
t_errno EEXIST rename "$MNT/dir" "$MNT/emptydir" RENAME_NOREPLACE
t_errno EEXIST rename "$MNT/file" "$MNT/dangling" RENAME_NOREPLACE
echo x >"$MNT/new"
t_errno EEXIST rename "$MNT/file" "$MNT/new" RENAME_NOREPLACE
rm "$MNT/new" "$MNT/big"
fsop rename "$MNT/file" "$MNT/big" RENAME_NOREPLACE
fsop rename "$MNT/dir" "$MNT/new" RENAME_NOREPLACE
t_errno EINVAL rename "$MNT/hl1" "$MNT/hl2" 'RENAME_NOREPLACE|RENAME_EXCHANGE'
remount_fs
t_eq "template file" "$(cat "$MNT/big")" "content of what was renamed"
t_eq a "$(cat "$MNT/new/a")" "content in the renamed directory"
t_errno ENOENT stat "$MNT/file"
t_errno ENOENT stat "$MNT/dir"
