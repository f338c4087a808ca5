# SPDX-License-Identifier: Apache-2.0
# timeout: 400
# A build in which each system call that changes something fails once: it says
# what failed in one line, its status is 1 and nothing is left; or the call did
# not matter and the version is whole.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
. "${0%/*}/steps.bash"
begin
begin_steps

store_state >"$T/without"
plan "${STEP_KINDS%,exit_group}" -q --threads=1 build new "$T/disk/small" >"$T/plan"
version=$(version_of new)
store_state >"$T/with"
forget new

# What may have failed and yet all is well.
succeeded()
{
	grep -q INJECTED "$T/calls" || t_fail "$1: not reached"
	# What the memo cannot remember costs a read some day, no build.
	t_eq "" "$(sed "1{/^mkstencil: warning: the store's memo/d}" "$T/err")" \
		"$1: status 0 and a message"
	t_eq "new@$version" "$(cat "$T/out")" "$1: version"
	t_state "$T/with" "$1, and it did not matter"
	echo "does not matter: $1"
	forget new
}

failed_well()
{
	t_eq 1 $RC "$1: status; $(cat "$T/err")"
	t_eq 1 "$(wc -l <"$T/err")" "$1: lines: $(cat "$T/err")"
	grep -q "^mkstencil: ..*: $2$" "$T/err" ||
		t_fail "$1: no word of $2: $(cat "$T/err")"
	t_eq "" "$(cat "$T/out")" "$1: words on stdout"
	t_whole "$1"
	if is_listed new; then
		# It was there when making it current, or durable, failed.
		t_eq "$version" "$(jq -r '.[] | select(.name == "new") |
			.version' "$T/list")" "$1: what is listed"
		mk -q --threads=1 build new "$T/disk/small" >/dev/null
		t_state "$T/with" "$1, built again"
		forget new
	else
		rmdir "$STORE/templates/new" 2>/dev/null || true
	fi
	t_state "$T/without" "$1"
	forget_folders
}

turn=0
while read -r call number; do
	# The two by turns; the first of a kind gets both.
	errors=(ENOSPC EIO)
	[ "$number" = 1 ] || errors=("${errors[turn++ % 2]}")
	for error in "${errors[@]}"; do
		at="$error of $call $number"
		interrupted "$call" "$number" "error=$error" -q --threads=1 build new \
			"$T/disk/small"
		if [ "$(grep -c INJECTED "$T/calls")" -gt 1 ]; then
			# Two threads came to their call of that number.
			echo "twice: $at"
			forget new 2>/dev/null || true
			clean
		elif [ $RC = 0 ]; then
			succeeded "$at"
		elif [ "$error" = EIO ]; then
			failed_well "$at" "Input/output error"
		else
			failed_well "$at" "No space left on device"
		fi
	done
done <"$T/plan"
verified "in the end"
echo "$(wc -l <"$T/plan") steps"
