# SPDX-License-Identifier: Apache-2.0
# rm refuses what a mount or a process uses, in any mount namespace, and says
# which; show lists them.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin
t_need jq unshare

make_lower "$LOWER"
mk -q build group/base "$LOWER" >/dev/null
echo 2 >"$LOWER/second"
mk -q build group/base "$LOWER" >/dev/null
mk -q build other "$LOWER" >/dev/null
R=$(realpath "$(root_of group/base)")
V=$(version_of group/base)
[ "$V" = "$(version_of other)" ]	# the same version, another template
t_eq "[]" "$(mk show --json group/base | jq -c .mounts)" "users"
mkdir "$T/m"

# used WORDS: rm refuses with them, show shows them, and of no other template.
used()
{
	t_refuses "group/base@$V: in use by .*$1" rm group/base
	t_refuses "in use by .*$1" rm "group/base@${V:0:10}"
	mk show group/base >"$T/shown"
	grep -q "^used by: .*$1" "$T/shown" || t_fail "$(cat "$T/shown")"
	mk show --json group/base | jq -e '.mounts | length == 1' >/dev/null
	t_eq "[]" "$(mk show --json other | jq -c .mounts)" "other's users"
	t_eq 3 "$(mk list --json | jq length)" "nothing was removed"
}

# Kernel overlayfs, whatever way its lower directory is written
ln -s "$STORE" "$T/way"
for lower in "$R" "$T/way/templates/group%base/$V/root" "$R/dir" \
		"$T/lower:$R"; do
	mkdir -p "$T/up" "$T/wk"
	mount -t overlay overlay -o \
		"lowerdir=$lower,upperdir=$T/up,workdir=$T/wk" "$T/m" ||
		t_skip "no overlayfs"
	used "the mount $T/m"
	umount "$T/m"
	rm -rf "$T/up" "$T/wk"
done
mount -t overlay overlay -o \
	"lowerdir=$STORE/templates/group%base/current/root:$T/lower" "$T/m"
t_refuses "group/base@$V: in use by the mount $T/m" rm "group/base@$V"
t_refuses "group/base@.*: in use by the mount $T/m" rm group/base
umount "$T/m"

# Bind mounts, of the whole and of a part
for d in "$R" "$R/dir" "${R%/root}"; do
	mount --bind "$d" "$T/m"
	used "the mount $T/m"
	umount "$T/m"
done

# In another mount namespace
mkfifo "$T/in" "$T/ready"
unshare -m --propagation private sh -c \
	"mount --bind '$R' '$T/m'; echo >'$T/ready'; read x <'$T/in'" &
pid=$!
read -r _ <"$T/ready"
used "the mount $T/m of process [0-9]* (sh)"
echo >"$T/in"
wait $pid

# Processes
(cd "$R/dir" && exec sh -c "echo >'$T/ready'; read x <'$T/in'") &
pid=$!
read -r _ <"$T/ready"
used "process $pid (sh)"
echo >"$T/in"
wait $pid

# stencilfs, with lowerdir= and template=
for opts in "lowerdir=$R" "template=group/base,store=$STORE"; do
	run_daemon "$T/m" "$BUILD/stencilfs" -o "$opts" "$T/m"
	used "stencilfs on $T/m (process [0-9]*)"
	umount_at "$T/m"
done

# A container: its record is enough, and its mount is shown too
ctl() { "$BUILD/stencilctl" --store="$STORE" "$@"; }
ctl -q create c1 --template=group/base
t_refuses "group/base@$V: in use by c1" rm group/base
STENCIL_MOUNT=$T/m ctl -q mount c1 "$T/m"
mk show --json group/base | jq -e '.containers == ["c1"] and
	(.mounts | length == 1)' >/dev/null
ctl -q umount c1
ctl -q rm c1
mk -q rm group/base
mk -q rm other
t_no_remains
