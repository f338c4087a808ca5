# SPDX-License-Identifier: Apache-2.0
# No events of another container.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs
mount_second

fsop watch d "$MNT2/dir" IN_ALL_EVENTS , watch f "$MNT2/file" IN_ALL_EVENTS , \
	open w "$MNT/file" O_WRONLY , write w X , close w , \
	unlink "$MNT/dir/a" , chmod "$MNT/dir/b" 0600 , mkdir "$MNT/dir/new" , \
	rename "$MNT/dir" "$MNT/moved" , = events d 200 , = events f 100
