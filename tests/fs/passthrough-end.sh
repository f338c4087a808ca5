# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# Mounts that end while files pass through: by umount -l, and by the daemon's
# death.
. "${0%/*}/../lib.sh"
begin
t_not_on plain "has no daemon"
t_not_on overlayfs "has no daemon"
make_lower
mount_fs

exec 3<"$MNT/usr/lib/data" 4<>"$MNT/new" 5<"$MNT/file"
echo kept >&4
pid=$(daemon_pid "$MNT")
umount -l "$MNT"
t_eq "usr data" "$(cat <&3)" "a template's file after umount -l"
fsop =kept pread 4 0 4 , pwrite 4 4 ! , fstat 4 size , =temp pread 5 0 4
exec 3<&- 4<&- 5<&-
fsop waitdead "$pid" 60000
forget_mount "$MNT"
mount_fs
t_eq "kept!" "$(cat "$MNT/new")" "content after umount -l"

exec 3<"$MNT/usr/lib/data" 4<>"$MNT/new"
fsop pwrite 4 0 KEPT
kill_fs
# Either is right: what the kernel has, or that the connection is gone.
cat <&3 >/dev/null 2>&1 || :
exec 3<&- 4<&-
mount_fs
t_eq "KEPT!" "$(cat "$MNT/new")" "content after the daemon's death"
t_eq "usr data" "$(cat "$MNT/usr/lib/data")" "the template's file"
