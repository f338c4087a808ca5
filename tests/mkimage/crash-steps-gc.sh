# SPDX-License-Identifier: Apache-2.0
# timeout: 300
# gc, on what killed builds and removals have left, killed in its turn before
# each system call that changes something: the next one ends the work.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
. "${0%/*}/steps.bash"
begin
begin_steps

store_state >"$T/without"
# leave: what a build killed near its end leaves, and a removal near its begin.
leave()
{
	mk -q build gone "$T/disk/whole2" >/dev/null
	interrupted syncfs 1 signal=KILL -q build new "$T/disk/small"
	t_eq 137 $RC "the build was to be killed"
	for ((i = 2; i < 9; i++)); do
		interrupted unlinkat $i signal=KILL -q rm gone
		t_eq 137 $RC "the removal was to be killed"
		t_whole "a killed removal"
		is_listed gone || break
	done
}

cp -a "$T/disk/whole" "$T/disk/whole2"
echo more >"$T/disk/whole2/more"
leave
store_state >"$T/left"
! cmp -s "$T/left" "$T/without" || t_fail "nothing was left"
plan "$STEP_KINDS" -q gc >"$T/plan"
forget_folders
t_state "$T/without" "after gc"

while read -r call number; do
	at="killed before $call $number"
	leave
	interrupted "$call" "$number" signal=KILL -q gc
	t_eq 137 $RC "$at: status"
	t_whole "$at"
	mk -q gc >/dev/null
	forget_folders
	t_state "$T/without" "$at, and again"
	verified "$at"
done <"$T/plan"
echo "$(wc -l <"$T/plan") steps of $(cut -d' ' -f1 "$T/plan" | uniq | wc -l) kinds"
[ "$(wc -l <"$T/plan")" -gt 10 ] || t_fail "too few steps: $(cat "$T/plan")"
