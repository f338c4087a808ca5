#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 3600
#
# The private area that a random sequence leaves, unmounted, shows the same
# tree under the kernel's overlayfs; and what is changed there is there in the
# container.
. "${0%/*}/../lib.sh"
begin
. "$LIB_DIR/fs/random.lib"
t_union_only

random_three_lowers
mount_fs
run_random 3000 --no-whiteouts --check-every=1000
umount_fs
lowers=$(join : "${LOWERS[@]}")
if in_mode template; then
	lowers=
	for ((i = 0; i < ${#LOWERS[@]}; i++)); do
		lowers+=${lowers:+:}$(realpath "$STORE/templates/t$i/current/root")
	done
fi
overlay_mount "lowerdir=$lowers,upperdir=$UPPER,workdir=$WORK" "$T/overlay"
# A link count that overlayfs does not find in its own index is the layer's.
$(treecmp_command --no-nlink) "$T/overlay" "$PLAIN" ||
	t_fail "overlayfs shows another tree"
for d in "$T/overlay" "$PLAIN"; do
	(cd "$d" && find . -name f -type f -exec sh -c 'echo more >>"$1"' - {} \; &&
		rm -rf a && mkdir a && chmod -R g+w .)
done
umount_fs "$T/overlay"
mount_fs
$(treecmp_command --no-nlink) "$MNT" "$PLAIN" ||
	t_fail "what was changed under overlayfs is not the same here"
