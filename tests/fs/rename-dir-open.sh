# SPDX-License-Identifier: Apache-2.0
# Descriptors and working directories inside follow the rename.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

cd "$MNT/dir/sub"
exec 3<"$MNT/dir/a" 4<"$MNT/dir"
fsop rename "$MNT/dir" "$MNT/moved"
t_eq x "$(cat deep/x)" "content relative to the working directory"
echo made >here
t_eq made "$(cat "$MNT/moved/sub/here")" "content made in the working directory"
fsop =a pread 3 0 1
fsop sh "test -f /proc/self/fd/4/b"
t_eq "$MNT/moved/sub" "$(pwd -P)" "working directory"
mkdir "$MNT/dir"
t_errno ENOENT stat "$MNT/dir/sub"
cd "$T"
exec 3<&- 4<&-
remount_fs
t_eq made "$(cat "$MNT/moved/sub/here")" "content after a remount"
