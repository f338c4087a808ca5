# SPDX-License-Identifier: Apache-2.0
# What is made in an S_ISGID directory belongs to its group; directories get
# the bit too.
. "${0%/*}/../lib.sh"
begin
make_lower
chmod 2777 "$LOWER/sgid"
mkdir "$LOWER/sgid/inner"
chmod 2777 "$LOWER/sgid/inner"
mount_fs

steps()
{
	local d

	for d in "$1/sgid" "$1/sgid/inner"; do
		fsop umask 0 , open f "$d/byroot" 'O_CREAT|O_WRONLY' 02755 , \
			mkdir "$d/dirbyroot" , mknod "$d/fifo" p 0600 , \
			symlink x "$d/link"
		fsop user 1000 1000 , umask 0 , \
			open f "$d/byuser" 'O_CREAT|O_WRONLY' 02755 , \
			mkdir "$d/dirbyuser" , mknod "$d/userfile" f 02775 , \
			open f "$d/dirbyuser/x" 'O_CREAT|O_WRONLY' , \
			open t "$d" 'O_TMPFILE|O_RDWR' 02755 , linkfd t "$d/tmp"
	done
	echo x >"$1/moved"
	mv "$1/moved" "$1/sgid/moved"
}
same_as_plain steps
fsop "=1003 2777" stat "$MNT/sgid/dirbyroot" gid,mode , \
	=1003 stat "$MNT/sgid/byuser" gid , =0 stat "$MNT/sgid/moved" gid
