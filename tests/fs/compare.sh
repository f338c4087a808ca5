#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
#
# The same script of operations (compare.ops) on a plain ext4 directory, on the
# kernel's overlayfs and on stencilfs: equal results and errnos but for those
# that compare.allowed lists with their reasons.
. "${0%/*}/../lib.sh"
begin
[ "$UNDER_TEST" = stencilfs ] || t_skip "compares the three by itself"
HERE=$LIB_DIR/fs

# Each group of the script has a tree of its own, named by its number.
make_lower "$T/one"
ln -s loop "$T/one/loop"
cp /bin/true "$T/one/true"
for ((i = 1; i <= $(grep -c '^# ' "$HERE/compare.ops"); i++)); do
	cp -a "$T/one" "$LOWER/$i"
done
find "$LOWER" -exec touch -h -d '2020-02-02 02:02:02.123456789' {} +

run_on()
{
	"$BUILD/tests/fs/compare" "$2" "$HERE/compare.ops" >"$T/out.$1" ||
		t_fail "compare.ops stopped on $1"
}

cp -a "$LOWER" "$T/plain"
run_on ext4 "$T/plain"
mkdir "$T/upper" "$T/owork"
touch -r "$LOWER" "$T/upper"
overlay_mount "lowerdir=$LOWER,upperdir=$T/upper,workdir=$T/owork" "$T/overlay"
run_on overlayfs "$T/overlay"
mount_fs
run_on stencilfs "$MNT"

# Prints where FS is neither as ext4 nor as compare.allowed says, and what that
# allows for nothing; status 1 if there is any.
differences()
{
	awk -v fs="$1" -v allowed="$HERE/compare.allowed" '
	BEGIN {
		while ((getline line <allowed) > 0) {
			split(line, f, / +\| +/)
			if (f[1] == fs)
				table[f[2] (f[3] == "*" ? "" : " " f[3])] = 1
		}
	}
	/^# / { group = $0 }
	FNR == NR { ext4[FNR] = $0; next }
	ext4[FNR] != $0 {
		operation = $0
		sub(/ = -?[0-9].*/, "", operation)
		if ($0 in table)
			used[$0] = 1
		else if (operation in table)
			used[operation] = 1
		else if (group in table)
			used[group] = 1
		else {
			print "ext4:      " ext4[FNR]
			print fs ": " $0
			bad = 1
		}
	}
	END {
		for (line in table)
			if (!(line in used)) {
				print "allowed to " fs " for nothing: " line
				bad = 1
			}
		exit bad
	}' "$T/out.ext4" "$T/out.$1"
}

# What another kernel's overlayfs does is good to know and no failure of ours.
differences overlayfs || :
differences stencilfs || t_fail "not as on ext4, and not in compare.allowed"
