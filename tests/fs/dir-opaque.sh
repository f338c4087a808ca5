# SPDX-License-Identifier: Apache-2.0
# A directory made over a removed one shows nothing of it; attributes are new.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

steps()
{
	cd "$1"
	rm -r dir
	mkdir dir
	chmod 711 dir
	mkdir dir/sub
	echo mine >dir/a
	rm -r usr
	cp -r dir usr
	rm etc/passwd
	rmdir etc
	echo "now a file" >etc
	rm file
	mkdir file
	cd "$T"
}
same_as_plain steps
t_eq "a sub" "$(echo $(ls "$MNT/dir"))" "names of the new directory"
t_eq "" "$(ls "$MNT/dir/sub")" "names of its new subdirectory"
