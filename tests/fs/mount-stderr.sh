# SPDX-License-Identifier: Apache-2.0
# Mounting says nothing, even with options that nobody knows or needs.
. "${0%/*}/../lib.sh"
begin
[ "$UNDER_TEST" = stencilfs ] || t_skip "is about stencilfs"
make_lower
for opts in volatile ,,volatile dev,suid,rw noatime,nodev,nosuid; do
	mount_fs "$opts"
	t_eq "template file" "$(cat "$MNT/file")" "content with -o $opts"
	umount_fs
done
