# SPDX-License-Identifier: Apache-2.0
# timeout: 300
# gc beside builds, removals and killed ones: what is listed stays whole.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin

make_rich "$T/src"
for i in $(seq 150); do
	mkdir "$T/src/dir$i"
	echo "$i" >"$T/src/dir$i/a"
	echo same >"$T/src/dir$i/b"
done
mk -q build whole "$T/src" >/dev/null
: >"$T/go"
(
	while [ -e "$T/go" ]; do
		mk -q gc >/dev/null || echo gc >>"$T/failed"
	done
) &
gc=$!
for i in $(seq 12); do
	echo "$i" >"$T/src/changed"
	mk -q build "b$((i % 3))" "$T/src" >/dev/null
	mk_background -q build killed "$T/src" >/dev/null 2>&1 &
	pid=$!
	sleep "0.0$((RANDOM % 9))"
	kill -9 $pid 2>/dev/null || true
	wait $pid 2>/dev/null || true
	[ $((i % 4)) != 0 ] || mk -q rm "b$((i % 3))" >/dev/null
done
rm "$T/go"
wait $gc
[ ! -e "$T/failed" ] || t_fail "$(wc -l <"$T/failed") of gc failed"
mk -q gc >/dev/null
t_no_remains
t_eq "" "$(mk -q verify)" "verify"
