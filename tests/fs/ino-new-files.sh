# SPDX-License-Identifier: Apache-2.0
# New files get numbers that no other file has, also after remounts.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

for round in 1 2 3; do
	for i in {1..50}; do
		echo x >"$MNT/dir/new$round.$i"
	done
	mkdir "$MNT/d$round"
	echo x >>"$MNT/big"
	t_eq "" "$(find "$MNT" ! -name 'hl?' -printf '%i\n' | sort | uniq -d)" \
		"inode numbers that are there twice in round $round"
	fsdir check "$MNT" >/dev/null
	remount_fs
	t_eq "" "$(find "$MNT" ! -name 'hl?' -printf '%i\n' | sort | uniq -d)" \
		"inode numbers that are there twice after remount $round"
	fsdir check "$MNT" >/dev/null
done
t_eq 1 "$(find "$MNT" -printf '%D\n' | sort -u | wc -l)" "number of st_dev"
