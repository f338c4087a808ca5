#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# timeout: 3600
#
# Several processes at once: each compares its own subtree with a plain
# directory, and all of them fight over a shared one, which must be sound in
# itself at the end and after a remount.
. "${0%/*}/../lib.sh"
begin
. "$LIB_DIR/fs/random.lib"

for i in 1 2 3 shared; do
	random_tree "$LOWER/$i"
done
cp -a "$LOWER" "$T/plain"
mount_fs
echo "seed $SEED"
pids=()
for i in 1 2 3; do
	"$BUILD/tests/fs/random" --seed=$((SEED + i)) --ops="${OPS:-1500}" \
		--check-every=500 --log="$T/log.$i" \
		--treecmp="$(treecmp_command --ids="$T/ids.$i")" \
		"$MNT/$i" "$T/plain/$i" >"$T/out.$i" 2>&1 &
	pids+=($!)
	"$BUILD/tests/fs/random" --alone --seed=$((SEED + 10 + i)) \
		--ops="${OPS:-1500}" --log="$T/log.shared.$i" \
		"$MNT/shared" >"$T/out.shared.$i" 2>&1 &
	pids+=($!)
done
rc=0
for pid in "${pids[@]}"; do
	wait "$pid" || rc=1
done
[ $rc = 0 ] || {
	cat "$T"/out.*
	t_fail "see above"
}

sound()
{
	# treecmp of a tree with itself: entries, types and link counts.
	$(treecmp_command) "$MNT/shared" "$MNT/shared" ||
		t_fail "the shared tree is not sound $1"
	for i in 1 2 3; do
		$(treecmp_command --ids="$T/ids.$i") "$MNT/$i" "$T/plain/$i" ||
			t_fail "tree $i differs $1"
	done
}

sound "at the end"
cp -a "$MNT/shared" "$T/plain/shared.seen"
remount_fs
sound "after a remount"
$(treecmp_command) "$MNT/shared" "$T/plain/shared.seen" ||
	t_fail "the shared tree changed by a remount"
