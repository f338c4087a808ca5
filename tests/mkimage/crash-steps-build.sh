# SPDX-License-Identifier: Apache-2.0
# timeout: 300
# A build killed before each system call that changes something: what is listed
# is whole, gc leaves nothing of it, and the next build is as if nothing had
# been.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
. "${0%/*}/steps.bash"
begin
begin_steps

store_state >"$T/without"
plan "$STEP_KINDS" -q --threads=1 build new "$T/disk/small" >"$T/plan"
version=$(version_of new)
store_state >"$T/with"
forget new
t_state "$T/without" "after the removal"

while read -r call number; do
	at="killed before $call $number"
	interrupted "$call" "$number" signal=KILL -q --threads=1 build new "$T/disk/small"
	t_eq 137 $RC "$at: status"
	t_whole "$at"
	clean
	if is_listed new; then
		# Complete, but perhaps not yet the current one.
		rm -f "$STORE/templates/new/.current"
		ln -sfn "$version" "$STORE/templates/new/current"
		t_state "$T/with" "$at, cleaned"
	else
		t_state "$T/without" "$at, cleaned"
	fi
	mk -q --threads=1 build new "$T/disk/small" >/dev/null
	t_eq "$version" "$(version_of new)" "$at: the next build's version"
	t_state "$T/with" "$at, built again"
	verified "$at"
	forget new
	t_state "$T/without" "$at, removed"
done <"$T/plan"
echo "$(wc -l <"$T/plan") steps of $(cut -d' ' -f1 "$T/plan" | uniq | wc -l) kinds"
[ "$(wc -l <"$T/plan")" -gt 50 ] || t_fail "too few steps: $(cat "$T/plan")"
