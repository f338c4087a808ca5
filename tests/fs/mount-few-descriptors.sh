# SPDX-License-Identifier: Apache-2.0
# A daemon with few descriptors serves many inodes.
. "${0%/*}/../lib.sh"
begin
mkdir -p "$LOWER"/d{1..300}
for i in {1..300}; do
	for j in 1 2 3 4 5; do
		echo "$i $j" >"$LOWER/d$i/f$j"
	done
done
(
	ulimit -n 128
	mount_fs
)
MOUNTED+=("$MNT")
if in_mode template && [ "$UNDER_TEST" = stencilfs ]; then
	UPPER=$STORE/containers/c1/private WORK=$STORE/containers/c1/work
fi
if [ "$UNDER_TEST" = stencilfs ]; then
	pid=$(daemon_pid "$MNT")
fi

t_eq 1500 "$(find "$MNT" -type f | wc -l)" "files"
t_eq 1500 "$(find "$MNT" -type f -exec cat {} + | wc -l)" "lines in all files"
find "$MNT" -name f1 -exec sh -c 'for f; do echo more >>"$f"; done' - {} +
find "$MNT" -name f2 -exec chmod 600 {} +
find "$MNT" -name f3 -delete
for i in {1..300..7}; do
	mv "$MNT/d$i" "$MNT/moved$i"
done
t_eq 1200 "$(find "$MNT" -type f | wc -l)" "files after changes"
t_eq 1500 "$(find "$MNT" -type f -exec cat {} + | wc -l)" "lines after changes"
if [ "$UNDER_TEST" = stencilfs ]; then
	n=$(find "/proc/$pid/fd" -mindepth 1 | wc -l)
	[ "$n" -le 128 ] || t_fail "the daemon holds $n descriptors"
fi
fsdir check "$MNT" >/dev/null
remount_fs
t_eq 1500 "$(find "$MNT" -type f -exec cat {} + | wc -l)" "lines after a remount"
t_eq 300 "$(find "$MNT" -name f2 -perm 600 | wc -l)" "chmods after a remount"
