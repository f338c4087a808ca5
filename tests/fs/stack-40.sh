# SPDX-License-Identifier: Apache-2.0
# Forty templates, and changes through all of them.
. "${0%/*}/../lib.sh"
begin
t_union_only
LOWERS=()
for i in {1..40}; do
	l=$T/l$i
	mkdir -p "$l/common/sub$i" "$l/own$i"
	echo "$i" >"$l/common/all"
	echo "$i" >"$l/common/f$i"
	echo "$i" >"$l/common/sub$i/x"
	echo "$i" >"$l/own$i/x"
	LOWERS+=("$l")
done
if ! in_mode template; then
	rmdir "$T/l20/own20" 2>/dev/null || rm -r "$T/l20/own20"
	mknod "$T/l5/common/f30" c 0 0
	gone=f30
fi
# As many layers need relative names: the kernel's option page is small.
cd "$T"
[ "$UNDER_TEST" = overlayfs ] && LOWERS=("${LOWERS[@]#"$T"/}")
mount_fs

t_eq 1 "$(cat "$MNT/common/all")" "content that all have"
for i in {1..40}; do
	[ "f$i" = "${gone:-}" ] && continue
	t_eq "$i" "$(cat "$MNT/common/f$i")" "content of layer $i"
	t_eq "$i" "$(cat "$MNT/common/sub$i/x")" "content in a subdirectory of layer $i"
done
[ "${gone:-}" ] && t_errno ENOENT stat "$MNT/common/f30"
fsdir check "$MNT" >/dev/null
steps()
{
	cd "$1"
	rm common/all
	rm common/f40 common/f1
	echo more >>common/f39
	mv common moved
	mv moved/sub40 own1/sub40
	rm -r own40
	cd "$T"
}
same_as_plain steps
