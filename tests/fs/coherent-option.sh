# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# -o coherent: also the directories that may be passed through are coherent.
. "${0%/*}/../lib.sh"
begin
t_not_on overlayfs "old descriptors stay on the lower file there"
make_lower
mount_fs coherent

exec 3<"$MNT/usr/lib/data"
fsop =usr pread 3 0 3
printf USR | dd of="$MNT/usr/lib/data" conv=notrunc status=none
fsop =USR pread 3 0 3
