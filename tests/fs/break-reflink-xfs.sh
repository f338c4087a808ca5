# SPDX-License-Identifier: Apache-2.0
# Where the file system can, the copy shares its blocks.
. "${0%/*}/../lib.sh"
begin
t_union_only
t_need filefrag
use_disk xfs 512M
make_lower
head -c 100000000 /dev/urandom >"$LOWER/huge"
mount_fs

sync -f "$T/disk"
before=$(df -k --output=used "$T/disk" | tail -1)
printf X | dd of="$MNT/huge" bs=1 seek=5 conv=notrunc status=none
sync -f "$T/disk"
used=$(($(df -k --output=used "$T/disk" | tail -1) - before))
[ "$used" -lt 5000 ] || t_fail "the copy of 100 MB took $used kB"
filefrag -v "$UPPER/huge" >frag
grep -q shared frag || t_fail "no shared extents: $(cat frag)"
fsop =X pread 3 5 1 3<"$MNT/huge"
cmp -i 6 "$LOWER/huge" "$MNT/huge"
