# SPDX-License-Identifier: Apache-2.0
# Lowers on different file systems: inode numbers differ between all files,
# stay over breaks and remounts, and there is one st_dev.
. "${0%/*}/../lib.sh"
begin
t_union_only
# The kernel's overlayfs numbers only some of them so, without xino=on.
t_not_on overlayfs "shows the st_dev of each lower without xino"
in_mode template && t_skip "a store is on one file system"
make_lower
mkdir "$T/tmp" "$T/tmp2"
mount -t tmpfs tmpfs "$T/tmp"
mount -t tmpfs tmpfs "$T/tmp2"
DISKS+=("$T/tmp" "$T/tmp2")
for t in tmp tmp2; do
	mkdir -p "$T/$t/dir/$t"
	for i in {1..300}; do
		echo $t >"$T/$t/dir/$t/f$i"
	done
	echo $t >"$T/$t/dir/only-$t"
done
LOWERS=("$T/tmp" "$LOWER" "$T/tmp2")
mount_fs

inodes()
{
	find "$MNT" -printf '%P %i %D\n' | sort
}
inodes >before
t_eq 1 "$(cut -d' ' -f3 before | sort -u | wc -l)" "different st_dev"
t_eq "" "$(grep -v 'hl[123]' before | cut -d' ' -f2 | sort | uniq -d)" \
	"inode numbers that are there twice"
fsdir check "$MNT" >/dev/null
find "$MNT" -type f -name '*1*' -exec chmod 600 {} +
echo x >>"$MNT/dir/only-tmp"
echo x >>"$MNT/dir/only-tmp2"
inodes >after
diff before after || t_fail "st_ino changed by a break"
fsdir check "$MNT" >/dev/null
remount_fs
inodes | cut -d' ' -f1,2 >after
cut -d' ' -f1,2 before | diff - after || t_fail "st_ino changed by a remount"
