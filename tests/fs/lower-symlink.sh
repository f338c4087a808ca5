# SPDX-License-Identifier: Apache-2.0
# Lowers given as symbolic links, with ".." behind them, as podman does.
. "${0%/*}/../lib.sh"
begin
t_union_only
in_mode template && t_skip "is about lowerdir="
make_lower
mkdir -p "$T/real/store/l" "$T/top"
ln -s "$LOWER" "$T/real/store/l/ABC"
ln -s "$T/real/store/l" "$T/links"
echo top >"$T/top/file"
LOWERS=("$T/real/../top" "$T/links/../l/ABC")
mount_fs

t_eq top "$(cat "$MNT/file")" "content of the upper lower"
t_eq a "$(cat "$MNT/dir/a")" "content of the lower given as a link"
echo x >>"$MNT/dir/a"
rm "$MNT/dir/b"
remount_fs
t_eq "a
x" "$(cat "$MNT/dir/a")" "content after a remount"
# A link inside the template never leads the daemon anywhere.
fsop =../etc/passwd readlink "$MNT/dir/up"
