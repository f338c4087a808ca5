# SPDX-License-Identifier: Apache-2.0
# timeout: 300
# Many threads break one file while others read, stat and list it.
. "${0%/*}/../lib.sh"
begin
mkdir -p "$LOWER/etc"
for i in {0..59}; do
	head -c 262144 /dev/zero | tr '\0' B >"$LOWER/etc/f$i"
done
mount_fs

"$BUILD/tests/fs/fsbreak" "$MNT/etc" 60
fsdir check "$MNT" >/dev/null
remount_fs
for i in {0..59}; do
	fsop "=0640 262144 1" stat "$MNT/etc/f$i" mode,size,nlink
done
