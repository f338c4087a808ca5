# SPDX-License-Identifier: Apache-2.0
# truncate, ftruncate and O_TRUNC drop set-id bits, as on ext4.
. "${0%/*}/../lib.sh"
begin
make_lower
for op in truncate longer ftruncate otrunc same root; do
	echo suid >"$LOWER/dir/$op"
	echo both >"$LOWER/dir/$op.both"
	chown 1000:1000 "$LOWER/dir/$op"*
	chmod 4755 "$LOWER/dir/$op"
	chmod 6777 "$LOWER/dir/$op.both"
done
mount_fs

steps()
{
	local e d=$1/dir

	for e in "" .both; do
		fsop user 1000 1000 , truncate "$d/truncate$e" 2
		fsop user 1000 1000 , truncate "$d/longer$e" 200
		fsop user 1000 1000 , open w "$d/ftruncate$e" O_RDWR , ftruncate w 1
		fsop user 1000 1000 , open w "$d/otrunc$e" 'O_WRONLY|O_TRUNC'
		fsop user 1000 1000 , truncate "$d/same$e" 5
		fsop truncate "$d/root$e" 2
	done
}
same_as_plain steps
fsop =0755 stat "$MNT/dir/truncate" mode , =0755 stat "$MNT/dir/otrunc" mode
