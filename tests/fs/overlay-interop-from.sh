# SPDX-License-Identifier: Apache-2.0
# A private area that the kernel's overlayfs made shows the same tree here.
. "${0%/*}/../lib.sh"
. "${0%/*}/interop.bash"
begin
t_union_only
make_lower
make_interop_lower
mount_fs		# makes the template, if any
umount_fs

mount_kernel
interop_changes "$T/kernel"
tree_of "$T/kernel" >want
umount_fs "$T/kernel"
mount_fs
tree_of "$MNT" >got
diff -u want got || t_fail "not the tree that the kernel's overlayfs left"
check_hardlinks "$MNT"
fsdir check "$MNT" >/dev/null
# And it can be worked with, and goes back.
more_changes "$MNT"
tree_of "$MNT" >want
remount_fs
tree_of "$MNT" >got
diff -u want got || t_fail "another tree after a remount"
umount_fs
mount_kernel
tree_of "$T/kernel" >got
diff -u want got || t_fail "the kernel's overlayfs shows another tree afterwards"
