# SPDX-License-Identifier: Apache-2.0
# mount(8) mounts the type fuse.stencilfs, with what it adds to the options.
. "${0%/*}/../lib.sh"
begin
[ "$UNDER_TEST" = stencilfs ] || t_skip "is about stencilfs"
in_mode template && t_skip "is about lowerdir="
t_need mount.fuse3
make_lower
mkdir "$MNT" "$UPPER" "$WORK"
# mount(8) sets a PATH of its own: the programs must be where it looks.
[ "$(readlink /proc/self/ns/mnt)" != "$(readlink /proc/1/ns/mnt)" ] ||
	t_skip "needs a mount namespace of its own"
mount --bind "$BUILD" /usr/local/sbin
DISKS+=(/usr/local/sbin)
STENCIL_MOUNT=$MNT mount -t fuse.stencilfs \
	-o "lowerdir=$LOWER,upperdir=$UPPER,workdir=$WORK" some-name "$MNT" 2>err ||
	t_fail "mount failed: $(cat err)"
MOUNTED+=("$MNT")
t_eq "" "$(cat err)" "words on stderr"
t_eq "some-name fuse.stencilfs" "$(awk -v m="$MNT" '$2 == m { print $1, $3 }' /proc/mounts)" \
	"line of /proc/mounts"
t_eq "template file" "$(cat "$MNT/file")" "content"
# Devices and set-id bits work, as mount(8) strips dev and suid.
echo lost >"$MNT/null"
fsop user 1000 1000 , open f "$MNT/file" O_RDONLY
options=$(awk -v m="$MNT" '$2 == m { print $4 }' /proc/mounts)
case ,$options, in
*,nodev,*|*,nosuid,*) t_fail "mounted with $options" ;;
esac
