# SPDX-License-Identifier: Apache-2.0
# The private area, unmounted, shows the same tree under the kernel's
# overlayfs.
. "${0%/*}/../lib.sh"
. "${0%/*}/interop.bash"
begin
t_union_only
make_lower
make_interop_lower
mount_fs

interop_changes "$MNT"
tree_of "$MNT" >want
umount_fs
mount_kernel
tree_of "$T/kernel" >got
diff -u want got || t_fail "the kernel's overlayfs shows another tree"
check_hardlinks "$T/kernel"
umount_fs "$T/kernel"
# Mounted here again, after the kernel had it.
mount_fs
tree_of "$MNT" >got
diff -u want got || t_fail "another tree after the kernel's overlayfs had it"
check_hardlinks "$MNT"
