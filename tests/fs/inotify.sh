# SPDX-License-Identifier: Apache-2.0
# Events come for this container's changes, on shared and on private files.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

fsop watch d "$MNT/dir" 'IN_CREATE|IN_DELETE|IN_MODIFY|IN_ATTRIB' , \
	open f "$MNT/dir/new" 'O_CREAT|O_WRONLY' , =0x100:new events d 5000 , \
	write f x , =0x2:new events d 5000 , \
	open a "$MNT/dir/a" O_WRONLY , write a X , =0x2:a events d 5000 , \
	chmod "$MNT/dir/b" 0600 , =0x4:b events d 5000 , \
	unlink "$MNT/dir/c" , =0x200:c events d 5000 , = events d 100
fsop watch f "$MNT/file" IN_MODIFY , open w "$MNT/file" O_WRONLY , write w X , \
	=0x2: events f 5000 , write w Y , =0x2: events f 5000
