# SPDX-License-Identifier: Apache-2.0
# Names removed while the directory is read come once; the same for added ones.
. "${0%/*}/../lib.sh"
begin
make_lower
for d in deleted added; do
	mkdir "$LOWER/$d"
	(cd "$LOWER/$d" && seq -f 'a rather long name %05.0f' 1 2000 | xargs -d '\n' touch)
done
mount_fs

for d in deleted added; do
	(cd "$MNT/$d" && seq -f 'new %05.0f' 1 500 | xargs -d '\n' touch)
done
fsdir deleting "$MNT/deleted" >out
t_eq 2500 "$(cat out)" "names seen while deleting"
t_eq "" "$(ls -A "$MNT/deleted")" "names left"
t_eq 2502 "$(fsdir adding "$MNT/added")" "old names seen while adding"
remount_fs
t_eq "" "$(ls -A "$MNT/deleted")" "names left after a remount"
t_eq 3000 "$(ls "$MNT/added" | wc -l)" "names after a remount"
rmdir "$MNT/deleted"
rm -r "$MNT/added"
