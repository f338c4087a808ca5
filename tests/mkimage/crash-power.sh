# SPDX-License-Identifier: Apache-2.0
# timeout: 300
# What is durable when build and rm return: the disk is copied at that moment,
# as a power cut would leave it, and the copy is looked at.  Then the same at
# each step that orders what reaches the disk: no half version is ever there.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
. "${0%/*}/steps.bash"
begin
t_need strace jq mkfs.ext4 mkfs.xfs
strace -o /dev/null true 2>/dev/null || t_skip "strace cannot trace here"

# A file system whose writes stay in memory until somebody asks for more.
new_disk()
{
	mkdir -p "$T/disk" "$T/copy"
	rm -f "$T/disk.img"
	truncate -s "$2" "$T/disk.img"
	case $1 in
	ext4)	mkfs.ext4 -q -m 0 -E lazy_itable_init=0 "$T/disk.img"
		options=commit=300 ;;
	xfs)	mkfs.xfs -q "$T/disk.img"
		options=nouuid ;;
	esac
	mount -o "loop,$options" "$T/disk.img" "$T/disk" ||
		t_skip "cannot mount a loop device with $1"
	sync -f "$T/disk"
	STORE=$T/disk/store
}

# Runs the command on what the disk would hold if the power went now.
after_power_cut()
{
	local store=$STORE

	rm -f "$T/copy.img"
	cp --sparse=always "$T/disk.img" "$T/copy.img"
	mount -o "loop,$options" "$T/copy.img" "$T/copy"
	STORE=$T/copy/store
	"$@"
	umount "$T/copy"
	STORE=$store
}

there()
{
	mk --json list >"$T/list"
	jq -e --arg n "$1" --arg v "$2" \
		'any(.name == $n and .version == $v and .current)' "$T/list" \
		>/dev/null || t_fail "$fs: $1@$2 is not in $(cat "$T/list")"
	mk -q verify >"$T/verify" 2>&1 || t_fail "$fs: $(cat "$T/verify")"
	template_tree "$STORE/templates/$1/current/root" |
		diff -u "$T/want" - || t_fail "$fs: the tree of $1"
}

gone()
{
	mk --json list >"$T/list"
	! is_listed "$1" || t_fail "$fs: $1 is there again"
	mk -q verify >"$T/verify" 2>&1 || t_fail "$fs: $(cat "$T/verify")"
}

whole_or_absent()
{
	[ -d "$STORE/templates" ] || return 0
	mk --json list >"$T/list"
	mk -q gc >/dev/null
	mk -q verify >"$T/verify" 2>&1 || t_fail "$fs, $at: $(cat "$T/verify")"
	! is_listed new || t_eq "$version" "$(jq -r '.[].version' "$T/list")" \
		"$fs, $at: version"
	mk -q build new "$T/small" >/dev/null
	t_eq "$version" "$(version_of new)" "$fs, $at: the next build"
}

mkdir -p "$T/disk/whole"
echo shared >"$T/disk/whole/shared"
make_small "$T/small"
rm -r "$T/disk/whole"
template_tree "$T/small" >"$T/want"

for disk in "ext4 64M" "xfs 320M"; do
	fs=${disk% *}
	# shellcheck disable=SC2086
	new_disk $disk
	version=$(mk -q build new "$T/small")
	version=${version#new@}
	after_power_cut there new "$version"
	mk -q rm new
	after_power_cut gone new
	# Again, and a version that exists already.
	mk -q build old "$T/small" >/dev/null
	mk -q build new "$T/small" >/dev/null
	mk -q build new "$T/small" >/dev/null
	after_power_cut there new "$version"
	mk -q rm old
	mk -q rm new

	plan fsync,fdatasync,syncfs,renameat,symlinkat -q build new "$T/small" \
		>"$T/plan"
	mk -q rm new
	# The slower one is asked less.
	[ $fs = ext4 ] || awk 'NR % 3 == 1' "$T/plan" >"$T/some"
	[ $fs = ext4 ] || mv "$T/some" "$T/plan"
	while read -r call number; do
		at="cut before $call $number"
		interrupted "$call" "$number" signal=KILL -q build new "$T/small"
		after_power_cut whole_or_absent
	done <"$T/plan"
	echo "$fs: $(wc -l <"$T/plan") steps"
	umount "$T/disk"
done
