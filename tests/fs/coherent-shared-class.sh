# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# A descriptor of the shared class, opened before the break, keeps one content:
# the template's or the written one, never a mixture, and never another
# container's.  New descriptors see what was written.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

exec 3<"$MNT/usr/lib/data"
fsop open w "$MNT/usr/lib/data" O_WRONLY , pwrite w 0 "USR DATA"
case $(fsop pread 3 0 8) in
"usr data"|"USR DATA") ;;
*) t_fail "the old descriptor reads '$(fsop pread 3 0 8)'" ;;
esac
t_eq "USR DATA" "$(cat "$MNT/usr/lib/data")" "content by a new descriptor"
fsop open w "$MNT/usr/lib/data" O_RDWR , mmap m w 0 4096 'PROT_READ|PROT_WRITE' MAP_SHARED , \
	mput m 0 mapped , =mapped pread w 0 6
