# SPDX-License-Identifier: Apache-2.0
# timeout: 300
# A directory of thousands of names in two layers, with some removed.
. "${0%/*}/../lib.sh"
begin
make_lower
mkdir "$LOWER/large"
(cd "$LOWER/large" && seq -f 'lower%05.0f' 1 10000 | xargs touch)
mount_fs

t_eq 10000 "$(ls "$MNT/large" | wc -l)" "names of the template"
(cd "$MNT/large" && seq -f 'new%05.0f' 1 3000 | xargs touch)
(cd "$MNT/large" && seq -f 'lower%05.0f' 1 3 3000 | xargs rm)
(cd "$MNT/large" && seq -f 'lower%05.0f' 9001 10000 | xargs chmod 600)
check()
{
	t_eq 12000 "$(ls "$MNT/large" | wc -l)" "names"
	t_eq 12000 "$(ls -U "$MNT/large" | sort -u | wc -l)" "different names"
	t_eq 12002 "$(fsdir seek "$MNT/large")" "names seen by seekdir"
	fsdir check "$MNT/large" >/dev/null
	t_eq 1000 "$(find "$MNT/large" -perm 600 | wc -l)" "changed files"
}
check
remount_fs
check
rm -r "$MNT/large"
mkdir "$MNT/large"
t_eq "" "$(ls -A "$MNT/large")" "names of the new directory"
