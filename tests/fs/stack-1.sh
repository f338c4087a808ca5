# SPDX-License-Identifier: Apache-2.0
# A stack of one template whose root directory is all there is.
. "${0%/*}/../lib.sh"
begin
chmod 1777 "$LOWER"
mount_fs

fsop "=d 1777" stat "$MNT" type,mode
t_eq "" "$(ls -A "$MNT")" "names of an empty template"
echo x >"$MNT/x"
mkdir "$MNT/d"
remount_fs
t_eq "d x" "$(echo $(ls -A "$MNT"))" "names after a remount"
