# SPDX-License-Identifier: Apache-2.0
# The same after kill -9 of the daemon.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

find "$MNT" -type f -exec sh -c 'echo >>"$1"' - {} \;
mv "$MNT/dir" "$MNT/moved"
ln "$MNT/file" "$MNT/emptydir/file"
find "$MNT" -printf '%P %i %n\n' | sort >before
kill_and_remount_fs
find "$MNT" -printf '%P %i %n\n' | sort >after
diff before after || t_fail "st_ino or st_nlink changed"
fsdir check "$MNT" >/dev/null
