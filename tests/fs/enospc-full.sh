# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# On a full disk each operation either works or fails with ENOSPC, and removing
# makes room again.
. "${0%/*}/../lib.sh"
begin
t_union_only
make_lower
for i in {1..50}; do
	head -c 8192 /dev/urandom >"$LOWER/dir/f$i"
done
use_disk ext4 8M private
mount_fs

mkdir "$MNT/fill"
echo room >"$MNT/room"
! dd if=/dev/zero of="$MNT/fill/big" bs=64k 2>err || t_fail "the disk never fills"
grep -q 'No space left' err || t_fail "not ENOSPC: $(cat err)"
while fsop open w "$MNT/fill/small$RANDOM" 'O_CREAT|O_WRONLY' , write w 'x*4096' 2>/dev/null; do
	:
done
tree_of "$LOWER/dir" | grep ' \./f' >want
failed=0
for i in {1..50}; do
	fsop open w "$MNT/dir/f$i" O_RDWR , pwrite w 0 X 2>err && continue
	grep -q 'got ENOSPC' err || t_fail "not ENOSPC: $(cat err)"
	failed=$((failed + 1))
	cmp "$LOWER/dir/f$i" "$MNT/dir/f$i"
done
[ "$failed" -gt 0 ] || t_fail "everything fitted on a full disk"
for op in "mkdir $MNT/fill/newdir" "symlink x $MNT/fill/newlink" \
	"rename $MNT/dir/f3 $MNT/fill/f3" "unlink $MNT/dir/f4" \
	"rename $MNT/usr $MNT/fill/usr" "chmod $MNT/big 0600"; do
	# shellcheck disable=SC2086
	fsop $op 2>err && continue
	grep -q 'got ENOSPC' err || t_fail "not ENOSPC: $(cat err)"
done
# overlayfs of two file systems shows two numbers.
[ "$UNDER_TEST" = overlayfs ] || fsdir check "$MNT" >/dev/null
rm -rf "$MNT/fill"
# close(2) does not wait until the daemon hears of a file's last close.
for _ in {1..50}; do
	fsop open w "$MNT/dir/f1" O_RDWR , pwrite w 0 X 2>err && break
	sleep 0.1
done
echo more >>"$MNT/dir/f1"
echo more >>"$MNT/dir/f50"
remount_fs
t_eq room "$(cat "$MNT/room")" "content made before the disk was full"
t_eq more "$(tail -c 5 "$MNT/dir/f50")" "content made after"
[ "$UNDER_TEST" = overlayfs ] || fsdir check "$MNT" >/dev/null
