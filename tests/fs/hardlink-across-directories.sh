# SPDX-License-Identifier: Apache-2.0
# Linking between directories of the template, of the copy, and new ones.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

steps()
{
	cd "$1"
	mkdir new
	ln file new/file
	ln dir/a emptydir/a
	ln dir/sub/deep/x new/x
	mv dir moved
	ln moved/b usr/lib/b
	ln hl1 moved/sub/hl
	echo changed >new/file
	echo more >>usr/lib/b
	echo four >moved/sub/hl
	rm moved/a
	cd "$T"
}
same_as_plain steps
t_eq four "$(cat "$MNT/hl2")" "content by a name in the template"
fsop "=$(fsop stat "$MNT/hl1" ino) 4" stat "$MNT/moved/hl3" ino,nlink
