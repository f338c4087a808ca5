# SPDX-License-Identifier: Apache-2.0
# timeout: 300
# A removal killed before each system call that changes something: the version
# is there as a whole or not at all, and what is left of it goes.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
. "${0%/*}/steps.bash"
begin
begin_steps

store_state >"$T/without"
mk -q build new "$T/disk/small" >/dev/null
store_state >"$T/with"
plan "$STEP_KINDS" -q rm new >"$T/plan"
t_state "$T/without" "removed"

while read -r call number; do
	at="killed before $call $number"
	mk -q build new "$T/disk/small" >/dev/null
	interrupted "$call" "$number" signal=KILL -q rm new
	# It opens what it finds in /proc, whose number changes.
	[ "$call:$RC" = openat:0 ] || t_eq 137 $RC "$at: status"
	t_whole "$at"
	clean
	if is_listed new; then
		# Where it was going already, it may be no longer current.
		mk -q build new "$T/disk/small" >/dev/null
		t_state "$T/with" "$at, cleaned"
		mk -q rm new
	fi
	t_state "$T/without" "$at, removed"
	verified "$at"
done <"$T/plan"
echo "$(wc -l <"$T/plan") steps of $(cut -d' ' -f1 "$T/plan" | uniq | wc -l) kinds"
[ "$(wc -l <"$T/plan")" -gt 15 ] || t_fail "too few steps: $(cat "$T/plan")"
