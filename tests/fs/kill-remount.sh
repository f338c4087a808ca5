# SPDX-License-Identifier: Apache-2.0
# After kill -9 of the daemon everything that was done is there.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

steps()
{
	cd "$1"
	echo changed >file
	echo more >>dir/a
	rm dir/b
	mv dir moved
	mkdir dir
	ln hl1 hl4
	chmod 600 big
	setfattr -n user.x -v y attrs
	rm -r usr
	cd "$T"
}
cp -a "$MNT" copy
steps "$T/copy"
steps "$MNT"
kill_and_remount_fs
tree_of "$T/copy" >want
tree_of "$MNT" >got
diff -u want got || t_fail "not all changes survived kill -9"
fsdir check "$MNT" >/dev/null
