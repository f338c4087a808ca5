# SPDX-License-Identifier: Apache-2.0
# Directories that were changed in part before, and after, their rename.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

steps()
{
	cd "$1"
	echo changed >dir/a
	rm dir/b
	echo new >dir/new
	mkdir dir/newdir
	rm dir/sub/deep/x
	setfattr -n user.x -v y dir
	chmod 710 dir/sub
	fsop rename dir moved
	cd "$T"
}
same_as_plain steps
steps()
{
	cd "$1"
	echo b >moved/b
	rm moved/a moved/new
	rmdir moved/newdir
	echo x >moved/sub/deep/x
	fsop rename moved emptydir/again
	echo c2 >>emptydir/again/c
	cd "$T"
}
same_as_plain steps
fsop =y getxattr "$MNT/emptydir/again" user.x
