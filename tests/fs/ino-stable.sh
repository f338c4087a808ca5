# SPDX-License-Identifier: Apache-2.0
# st_ino: the same before and after a break, a rename and a remount; unique;
# and d_ino says the same.
. "${0%/*}/../lib.sh"
begin
make_lower
mkdir "$T/lower2"
LOWERS=("$T/lower2" "$LOWER")
mkdir -p "$T/lower2/dir/sub" "$T/lower2/other"
echo over >"$T/lower2/dir/a"
echo x >"$T/lower2/dir/sub/y"
if [ "$UNDER_TEST" = plain ]; then
	LOWERS=("$LOWER")
fi
mount_fs

inodes()
{
	find "$MNT" -printf '%P %i\n' | sort
}
inodes >before
t_eq "" "$(find "$MNT" ! -name 'hl?' -printf '%i\n' | sort | uniq -d)" \
	"inode numbers that are there twice"
fsdir check "$MNT" >/dev/null
find "$MNT" -type f -exec sh -c 'echo >>"$1"' - {} \;
find "$MNT" -type d -exec chmod g+w {} +
find "$MNT" -exec chown -h 5:6 {} +
inodes >after
diff before after || t_fail "st_ino changed by a break"
fsdir check "$MNT" >/dev/null
remount_fs
inodes >after
diff before after || t_fail "st_ino changed by a remount"
fsdir check "$MNT" >/dev/null
mv "$MNT/dir" "$MNT/emptydir/moved"
mv "$MNT/file" "$MNT/usr/renamed"
fsdir check "$MNT" >/dev/null
sed 's,^dir,emptydir/moved,;s,^file ,usr/renamed ,' before | sort >want
inodes | sort >after
diff want after || t_fail "st_ino changed by a rename"
remount_fs
inodes | sort >after
diff want after || t_fail "st_ino changed by a remount after a rename"
fsdir check "$MNT" >/dev/null
