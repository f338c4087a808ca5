# SPDX-License-Identifier: Apache-2.0
# A container's own device 0/0 is an ordinary object, and no whiteout.
. "${0%/*}/../lib.sh"
begin
t_not_on overlayfs "refuses to make one"
make_lower
mount_fs

steps()
{
	cd "$1"
	mknod -m 640 dev c 0 0
	chown 5:6 dev
	mkdir new
	mknod new/dev c 0 0
	ln new/dev new/dev2
	mknod usr/dev c 0 0
	mv usr/dev usr/dev2
	mknod over c 0 0
	mv -f over file
	setfattr -n trusted.x -v y new/dev
	mv new new2
	cd "$T"
}
same_as_plain steps
fsop "=c 0640 0:0 5 6" stat "$MNT/dev" type,mode,rdev,uid,gid , \
	"=c 0:0 2" stat "$MNT/new2/dev2" type,rdev,nlink , \
	"=c 0:0 0" stat "$MNT/file" type,rdev,size
t_errno 'ENXIO|ENODEV' open f "$MNT/dev" O_RDONLY
t_errno ENOTEMPTY rmdir "$MNT/new2"
t_errno EEXIST mknod "$MNT/dev" c 0600 0 0
rm "$MNT/new2/dev" "$MNT/new2/dev2" "$MNT/file"
rmdir "$MNT/new2"
rm "$MNT/dev"
echo x >"$MNT/dev"
remount_fs
t_errno ENOENT stat "$MNT/file"
fsop =f stat "$MNT/dev" type
t_errno ENOENT stat "$MNT/new2"
