# SPDX-License-Identifier: Apache-2.0
# Names go and stay away; what cannot be removed says so.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

steps()
{
	cd "$1"
	rm -f file dir/a link dangling fifo null suid secret big sparse empty
	rm usr/bin/prog
	echo new >file
	echo tmp >tmp
	rm tmp
	cd "$T"
}
same_as_plain steps
for f in dir/a link null usr/bin/prog tmp; do
	t_errno ENOENT stat "$MNT/$f"
	t_errno ENOENT unlink "$MNT/$f"
done
t_errno EISDIR unlink "$MNT/dir"
t_errno ENOTDIR rmdir "$MNT/file"
t_errno EINVAL rmdir "$MNT/dir/."
