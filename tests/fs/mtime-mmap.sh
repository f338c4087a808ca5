# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# A write through a mapping moves mtime once it is written back.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

for f in file usr/lib/data; do
	fsop open w "$MNT/$f" O_RDWR , futimes w 100 100 , \
		mmap m w 0 4096 'PROT_READ|PROT_WRITE' MAP_SHARED , \
		mput m 0 new , msync m , munmap m , close w
	[ "$(stat -c %Y "$MNT/$f")" != 100 ] ||
		t_fail "$f: mtime did not move by a write through a mapping"
done
remount_fs
[ "$(stat -c %Y "$MNT/file")" != 100 ] || t_fail "mtime is old after a remount"
t_eq new "$(head -c 3 "$MNT/file")" "content after a remount"
