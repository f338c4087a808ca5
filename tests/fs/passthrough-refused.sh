# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# Where the kernel refuses, files are served all the same: lowers on another
# stacking file system, a daemon without rights on the host.
. "${0%/*}/../lib.sh"
begin
t_not_on plain "has no daemon"
t_not_on overlayfs "has no daemon"
in_mode template && t_skip "a store is not on overlayfs"
grep -qw overlay /proc/filesystems || t_skip "the kernel has no overlayfs"
make_lower "$T/real"
mkdir -p "$T/nothing" "$LOWER"
mount -t overlay overlay -o "lowerdir=$T/real:$T/nothing" "$LOWER"
DISKS+=("$LOWER")
mount_fs

t_eq "usr data" "$(cat "$MNT/usr/lib/data")" "a file that may not pass through"
fsop open r "$MNT/usr/lib/data" O_RDONLY , mmap m r 0 4096 PROT_READ MAP_SHARED , \
	=usr mget m 0 3 , open w "$MNT/usr/lib/data" O_RDWR , \
	pwrite w 0 USR , =USR pread r 0 3 , =USR mget m 0 3
echo new >"$MNT/new"
t_eq new "$(cat "$MNT/new")" "a private file"
umount_fs

# As root of a user namespace: the mount is its own, the rights are not.
unshare -Urm true 2>/dev/null || exit 0
unshare -Urm bash -c '
	set -e
	"$1" -o "lowerdir=$2" "$3"
	[ "$(cat "$3/usr/lib/data")" = "usr data" ]
	umount "$3"' - "$BUILD/stencilfs" "$T/real" "$MNT" ||
	t_fail "status $? in a user namespace"
