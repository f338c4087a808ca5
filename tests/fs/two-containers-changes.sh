# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# Containers on one template never see each other's changes.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs
mount_second

tree_of "$MNT2" >untouched
exec 3<"$MNT2/file" 4<"$MNT2/usr/lib/data" 5<"$MNT2/dir"
cd "$MNT"
echo one >file
echo one >>usr/lib/data
rm dir/a
mkdir dir/new
mv usr/bin moved
ln hl1 hl4
echo one >hl2
chmod 600 big
chown 5:6 attrs
setfattr -n user.color -v red attrs
truncate -s 5 sparse
ln -sf elsewhere link
mknod dev c 5 5
cd "$T"
tree_of "$MNT2" >now
diff -u untouched now || t_fail "the other container sees changes"
fsop =template pread 3 0 8 , "=usr data
" pread 4 0 20
remount_fs
tree_of "$MNT" >first
tree_of "$MNT2" >now
diff -u untouched now || t_fail "the other container sees changes after a remount"
# Both change the same things.
cd "$MNT2"
echo two >file
rm -r usr
mkdir usr
echo two >hl3
chmod 640 big
cd "$T"
tree_of "$MNT" >now
diff -u first now || t_fail "the first container sees the second's changes"
exec 3<&- 4<&- 5<&-
