# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# Eight processes open, read, write, map and close the same files, while they
# are broken one after the other: no call fails.
# timeout: 180
. "${0%/*}/../lib.sh"
begin
mkdir -p "$LOWER/usr/lib"
for i in {1..400}; do
	head -c 6000 /dev/urandom >"$LOWER/usr/lib/f$i"
done
for round in 1 2 3; do
	mount_fs
	"$BUILD/tests/fs/passthru" storm "$round" 4 "$MNT"/usr/lib/f* ||
		t_fail "round $round"
	umount_fs
	[ "$UNDER_TEST" = plain ] && break
	rm -rf "$UPPER" "$WORK"
	mkdir "$WORK"
	! in_mode template || mkdir -m 755 "$UPPER"
done
