# SPDX-License-Identifier: Apache-2.0
# The read-only mode of a store: accidents are EROFS, all commands and mounts
# work, mounts come back after a reboot, and off restores.
. "${0%/*}/../lib.sh"
. "${0%/*}/image.bash"
begin
t_need jq unshare findmnt

make_lower "$LOWER"
ctl() { "$BUILD/stencilctl" --store="$STORE" "$@"; }
mk -q build base "$LOWER" >/dev/null
t_eq off "$(mk protect)" "at first"
mk protect on
t_eq on "$(mk protect)" "then"
mk protect --json | jq -e '.protected and .mounted' >/dev/null
mk protect on
mounts() { findmnt -rn -o TARGET | grep -c "^$STORE/" || true; }
t_eq 2 "$(mounts)" "a second on is no second mount"

R=$(realpath "$(root_of base)")
rofs()
{
	local rc=0
	"$@" 2>"$T/err" || rc=$?
	[ $rc != 0 ] || t_fail "worked: $*"
	grep -q 'Read-only file system' "$T/err" || t_fail "$*: $(cat "$T/err")"
}
rofs sh -c "echo more >>'$R/file'"
rofs rm -rf "$STORE/templates/base"
rofs touch "$STORE/pool/x"
rofs chmod 0777 "$R/file"
rofs mkdir "$STORE/templates/new"
rofs sh -c ": >'$(find "$STORE/pool" -type f | head -1)'"
t_eq "" "$(mk -q verify)" "nothing has happened"

# What writes steps around, and leaves the mounts to others.
echo 2 >"$LOWER/second"
mk -q build base "$LOWER" >/dev/null
t_eq 2 "$(mounts)" "after a build"
t_eq 2 "$(cat "$(root_of base)/second")" "the new version"
t_eq "$(inode "$R/file")" "$(inode "$(root_of base)/file")" "shared"
(cd "$T" && "$BUILD/mkstencil" --store=store -q build here lower >/dev/null)
tar -C "$LOWER" -c . | mk -q build piped - >/dev/null
rofs touch "$STORE/pool/x"
mk -q rm here
mk -q rm piped
mkdir -p "$STORE/containers/.rm-0123456789abcdef"
mk --json gc | jq -e '.removed | map(select(.path != "memo")) |
	length == 1' >/dev/null
t_eq "" "$(mk -q gc -n)" "a dry run"
t_eq "" "$(mk -q verify)" "verify"
mk diff base base
mk list >/dev/null

# Containers and the kernel's overlayfs on it
ctl -q create c1 --template=base
mkdir "$T/m"
STENCIL_MOUNT=$T/m ctl -q mount c1 "$T/m"
echo more >>"$T/m/file"
chmod 0700 "$T/m/dir"
ln "$T/m/second" "$T/m/third"
rm -r "$T/m/usr"
t_refuses "in use by c1" rm base
ctl -q umount c1
ctl -q rm c1
mkdir "$T/up" "$T/wk"
if mount -t overlay overlay -o \
		"lowerdir=$R,upperdir=$T/up,workdir=$T/wk" "$T/m"; then
	echo more >>"$T/m/file"
	# Named once, though the removal has a namespace of its own.
	t_refuses "base@[0-9a-f]*: in use by the mount $T/m\$" rm base
	umount "$T/m"
fi

# A reboot: the mounts are gone, and the next that writes or mounts restores.
reboot()
{
	umount "$STORE/pool" "$STORE/templates"
	t_eq "on, but not mounted" "$(mk protect)" "after a reboot"
	t_eq 0 "$(mounts)" "after a reboot"
}
reboot
mk -q build base "$LOWER" >/dev/null
t_eq 2 "$(mounts)" "after a build"
reboot
ctl -q create c1 --template=base
STENCIL_MOUNT=$T/m ctl -q mount c1 "$T/m"
t_eq 2 "$(mounts)" "after a mount"
ctl -q umount c1
ctl -q rm c1

# Without the right to mount: a clear error, nothing is changed.
if command -v setpriv >/dev/null; then
	nocap() { setpriv --bounding-set -sys_admin --inh-caps -all \
		"$BUILD/mkstencil" --store="$STORE" "$@"; }
	rc=0
	nocap -q build base "$LOWER" >"$T/out" 2>"$T/err" || rc=$?
	t_eq 1 "$rc" "status"
	grep -q "^mkstencil: .*is protected.*Operation not permitted" "$T/err" ||
		t_fail "$(cat "$T/err")"
	t_eq 1 "$(wc -l <"$T/err")" "lines"
	rc=0
	nocap protect off 2>"$T/err" || rc=$?
	t_eq 1 "$rc" "status of off"
	t_eq on "$(mk protect)" "still"
	nocap list >/dev/null
	rc=0
	nocap verify 2>"$T/err" || rc=$?
	t_eq "1 mkstencil: reading attributes trusted.*: Operation not permitted" \
		"$rc $(cat "$T/err")" "verify"
fi

mk protect off
mk protect off
t_eq off "$(mk protect)" "in the end"
t_eq 0 "$(mounts)" "in the end"
touch "$STORE/pool/x" && rm "$STORE/pool/x"
rc=0
mk protect maybe 2>/dev/null || rc=$?
t_eq 2 "$rc" "usage"
mk -q rm base
t_no_remains

# A shared tree: other namespaces see the mounts come and go, once each.
mkdir "$T/shared"
mount --bind "$T/shared" "$T/shared"
mount --make-shared "$T/shared"
STORE=$T/shared/store
mk -q build base "$LOWER" >/dev/null
mkfifo "$T/in" "$T/out2"
unshare -m --propagation unchanged sh -c "
	while read -r command; do
		eval \"\$command\" >'$T/said' 2>&1; echo >'$T/out2'
	done <'$T/in'" &
exec 4>"$T/in"
there() { echo "$1" >&4; read -r _ <"$T/out2"; cat "$T/said"; }
mk protect on
t_eq 2 "$(mounts)" "here"
t_eq 2 "$(there "grep -c ' $STORE/' /proc/self/mountinfo")" "there"
mk -q build other "$LOWER" >/dev/null
t_eq 2 "$(there "grep -c ' $STORE/' /proc/self/mountinfo")" "after a build"
there "touch $STORE/pool/x" | grep -q 'Read-only file system'
mk -q rm base
mk protect off
t_eq 0 "$(mounts)" "here"
t_eq 0 "$(there "grep -c ' $STORE/' /proc/self/mountinfo")" "there"
exec 4>&-
wait
umount "$T/shared"
