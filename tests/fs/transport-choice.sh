# SPDX-License-Identifier: Apache-2.0
# Where the kernel does not allow io_uring, transport=uring fails with the
# reason and mounts nothing, and auto goes on without it; stencilctl show tells
# which transport serves, and why.
. "${0%/*}/../lib.sh"
STENCIL_MODE=template
begin
[ "$UNDER_TEST" = stencilfs ] || t_skip "has no transport"
t_need jq

status_of()
{
	"$BUILD/stencilctl" --store="$STORE" show c1 --json | jq -r ".status.$1"
}

parameter=/sys/module/fuse/parameters/enable_uring
mount_fs transport=classic
t_eq classic "$(status_of transport)" "transport=classic"
t_eq transport=classic "$(status_of transport_reason)" "its reason"
umount_fs
if [ -e "$parameter" ]; then
	if [ "$(<"$parameter")" = Y ]; then
		mount_fs transport=auto
		t_eq uring "$(status_of transport)" "auto where it is allowed"
		t_eq "" "$(status_of transport_reason)" "no reason"
		umount_fs
	fi
	# In the namespace of this test.
	mount --bind /dev/null "$parameter"
	why="$parameter is not Y"
else
	why="the kernel has no $parameter"
fi
mount_fs transport=auto
t_eq classic "$(status_of transport)" "auto where it is not allowed"
t_eq "$why" "$(status_of transport_reason)" "the reason"
umount_fs
rc=0
"$BUILD/stencilfs" -o "container=c1,store=$STORE,transport=uring" "$MNT" \
	2>said || rc=$?
t_eq 1 "$rc" "status of transport=uring"
t_eq "stencilfs: transport=uring: $why" "$(cat said)" "what it says"
! mountpoint -q "$MNT" || t_fail "it is mounted"
[ ! -e "$parameter" ] || umount "$parameter"
