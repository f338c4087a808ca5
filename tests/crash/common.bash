# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the crash tests share; after lib.sh and begin.

# The daemon that is under test here has fault points, and the sanitizers have
# no such build of their own.
FAULTY=$BUILD-fault/stencilfs
[ "$UNDER_TEST" = stencilfs ] || t_skip "$UNDER_TEST has no fault points"
[ -x "$FAULTY" ] || t_skip "no $FAULTY: make tests, without SAN, builds it"

# all_faults GROUP: on a disk in memory, since each of a thousand rounds would
# wait for the disk twice.
all_faults()
{
	local before

	mkdir "$T/memory"
	mount -t tmpfs -o size=256M none "$T/memory"
	DISKS+=("$T/memory")
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
	find "$LOWER" -exec touch -h -d '2020-02-02 02:02:02.123456789' {} +
	# Another container, which must notice nothing.
	mount_second
	before=$(digest_tree "$MNT2")
	"$BUILD/tests/crash/faults" "$FAULTY" "$LOWER" "$T/memory" "$1"
	forget_fs "$MNT2"
	t_eq "$before" "$(digest_tree "$MNT2")" "another container has changed"
}
