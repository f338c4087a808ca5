# SPDX-License-Identifier: Apache-2.0
# Link targets and names that meant something to our ancestors are just bytes.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

steps()
{
	cd "$1"
	ln -s ////etc/shadow slashes
	ln -s //"$T"/lower/secret host
	ln -s /proc/self/root/etc proc
	echo x >';123456'
	echo x >$'\251name'
	echo x >$'new\nline'
	echo x >' '
	echo x >'\'
	echo x >'#work'
	mkdir work index private upper
	echo x >work/inside
	: >control
	: >trusted.stencil.sha1
	: >.fuse_hidden0000000100000001
	cd "$T"
}
same_as_plain steps
fsop =////etc/shadow readlink "$MNT/slashes"
t_eq x "$(cat "$MNT/////work//inside")" "content by a path with many slashes"
