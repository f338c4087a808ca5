# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the crash tests share; after lib.sh and begin.

# The daemon that is under test here has fault points, and the sanitizers have
# no such build of their own.
FAULTY=$BUILD-fault/stencilfs
[ "$UNDER_TEST" = stencilfs ] || t_skip "$UNDER_TEST has no fault points"
[ -x "$FAULTY" ] || t_skip "no $FAULTY: make tests, without SAN, builds it"

# all_faults GROUP [stack]: on one template, or on a stack of two.  The private
# areas are in memory where that holds attributes: each of a thousand rounds
# would wait for the disk twice.
all_faults()
{
	local before

	mkdir "$T/memory"
	mount -t tmpfs -o size=256M none "$T/memory"
	if setfattr -n user.test -v yes "$T/memory"; then
		DISKS+=("$T/memory")
	else
		umount "$T/memory"
	fi
	make_lower
	rm "$LOWER/big" "$LOWER/sparse"
	mkdir -p "$LOWER/d1/d2/d3" "$LOWER/dir2"
	echo deep >"$LOWER/d1/d2/d3/f"
	echo a >"$LOWER/dir2/a"
	echo b >"$LOWER/dir2/b"
	head -c 40000 /dev/urandom >"$LOWER/attrs"
	echo capable >"$LOWER/capable"
	setcap cap_net_raw+ep "$LOWER/capable"
	setfattr -n user.note -v directory "$LOWER/d1/d2"
	if [ "${2:-}" ]; then
		mkdir -p "$T/top/dir" "$T/top/d1/d2" "$T/top/emptydir"
		echo over >"$T/top/dir/b"
		echo top | tee "$T/top/dir/t" >"$T/top/d1/d2/t"
		LOWERS=("$T/top" "$LOWER")
	fi
	find "${LOWERS[@]}" -exec touch -h -d '2020-02-02 02:02:02.123456789' {} +
	# Another container, which must notice nothing.
	mount_second
	before=$(digest_tree "$MNT2")
	"$BUILD/tests/crash/faults" "$FAULTY" "$(join : "${LOWERS[@]}")" \
		"$T/memory" "$1"
	# The kernel is to ask again.
	mount -i -o remount,rw "$MNT2"
	t_eq "$before" "$(digest_tree "$MNT2")" "another container has changed"
}
