# SPDX-License-Identifier: Apache-2.0
# timeout: 240
# A running container's root becomes a template of another store, and a
# container on that runs what was installed in the first.
. "${0%/*}/../lib.sh"
. "${0%/*}/root.bash"
begin
[ "$UNDER_TEST" = stencilfs ] || t_skip "asks stencilctl and mkstencil"
root_begin chroot debian
give_package hello "$MNT/root"
script 'dpkg -i /root/hello.deb; echo changed >/etc/hostname'

other=$T/other
"$BUILD/mkstencil" --store="$other" -q build snapshot "$MNT"
STORE=$other
mkdir "$MNT2"
root_ctl create copy --template=snapshot
run_daemon "$MNT2" "$BUILD/stencilctl" --store="$STORE" mount copy "$MNT2"
MOUNTED+=("$MNT2")
# Links into the pool are no names of the container's.
tree_of "$MNT" >"$T/want"
tree_of "$MNT2" >"$T/got"
diff -u "$T/want" "$T/got" >"$T/diff" || t_fail "$(head -20 "$T/diff")"
t_eq copied "$(ROOT=$MNT2 inside hello -g copied)" "a program of the snapshot"
t_eq changed "$(cat "$MNT2/etc/hostname")" "a change in the snapshot"
t_eq "" "$(ROOT=$MNT2 inside dpkg --verify)" "packages in the snapshot"
