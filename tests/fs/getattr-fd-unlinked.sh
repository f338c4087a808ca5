# SPDX-License-Identifier: Apache-2.0
# fstat works on what has no name any more, private or not.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

for f in file dir/a usr/lib/data; do
	ino=$(fsop stat "$MNT/$f" ino)
	# overlayfs goes on showing the link count of the lower file.
	[ "$UNDER_TEST" = overlayfs ] && links=1 || links=0
	fsop open r "$MNT/$f" O_RDONLY , unlink "$MNT/$f" , \
		"=$links" fstat r nlink , "=$ino" fstat r ino
	t_errno ENOENT stat "$MNT/$f"
done
fsop open w "$MNT/new" 'O_RDWR|O_CREAT' , write w abc , \
	unlink "$MNT/new" , "=0 3" fstat w nlink,size , \
	write w def , =6 fstat w size , =abcdef pread w 0 10 , \
	fchmod w 0600 , =0600 fstat w mode
