# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# Opens in any order and of any kind never fail, and show what a model says.
# timeout: 180
. "${0%/*}/../lib.sh"
begin
t_not_on overlayfs "old descriptors stay on the lower file there"
for i in 1 2 3 4; do
	mkdir -p "$LOWER/usr" "$LOWER/etc"
	head -c 20000 /dev/urandom >"$LOWER/usr/f$i"
	head -c 20000 /dev/urandom >"$LOWER/etc/f$i"
done
for seed in ${SEEDS:-1 2 3 4 5 6}; do
	mount_fs
	"$BUILD/tests/fs/passthru" random "$seed" "${STEPS:-8000}" "$MNT" \
		usr/f1: usr/f2: usr/f3: usr/f4: etc/f1 etc/f2 etc/f3 ||
		t_fail "seed $seed"
	umount_fs
	[ "$UNDER_TEST" = plain ] && break
	rm -rf "$UPPER" "$WORK"
	mkdir "$WORK"
	! in_mode template || mkdir -m 755 "$UPPER"
done
