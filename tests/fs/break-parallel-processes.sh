# SPDX-License-Identifier: Apache-2.0
# Processes that append to one shared file lose nothing.
. "${0%/*}/../lib.sh"
begin
make_lower
for i in {0..9}; do
	echo start >"$LOWER/dir/log$i"
done
mount_fs

for round in {0..9}; do
	for p in {1..8}; do
		echo "line $p" >>"$MNT/dir/log$round" &
	done
	wait
	t_eq 9 "$(wc -l <"$MNT/dir/log$round")" "lines of log$round"
done
remount_fs
for round in {0..9}; do
	t_eq "8" "$(grep -c '^line [1-8]$' "$MNT/dir/log$round")" \
		"lines of log$round after a remount"
done
