# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# What the kernel writes by itself is seen in sizes and times, at once; two
# that append do not overwrite each other.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

for f in "$MNT/new" "$MNT/file" "$MNT/usr/lib/data"; do
	: >>"$f"
	fsop open w "$f" 'O_RDWR|O_TRUNC' , utimes "$f" 100 100 , \
		pwrite w 0 12345 , =5 stat "$f" size , =5 fstat w size
	[ "$(stat -c %Y "$f")" != 100 ] || t_fail "$f: mtime after a write"
	fsop open a "$f" 'O_WRONLY|O_APPEND' , open b "$f" 'O_WRONLY|O_APPEND' , \
		open r "$f" O_RDONLY , write a 6 , write b 7 , write a 8 , \
		=8 stat "$f" size , =12345678 pread r 0 20 , \
		truncate "$f" 2 , =2 fstat r size , write b 3 , =3 fstat r size , \
		=123 pread r 0 20 , ftruncate a 6000 , =6000 stat "$f" size
	# By a mapping, also of a descriptor that is closed, and then again.
	fsop open w "$f" O_RDWR , mmap m w 0 4096 'PROT_READ|PROT_WRITE' MAP_SHARED , \
		futimes w 100 100 , =100.000000000 stat "$f" mtime , \
		mput m 0 X , msync m , munmap m , close w
	[ "$(stat -c %Y "$f")" != 100 ] || t_fail "$f: mtime after a mapping"
	fsop open w "$f" O_RDWR , mmap m w 0 4096 'PROT_READ|PROT_WRITE' MAP_SHARED , \
		close w , utimes "$f" 100 100 , =100.000000000 stat "$f" mtime , \
		mput m 0 Y , msync m , '=Y23' mget m 0 3 , \
		stat "$f" mtime >times
	[ "$(cut -d. -f1 times)" != 100 ] ||
		t_fail "$f: mtime after a mapping without a descriptor"
	# Holes and blocks.
	fsop open w "$f" O_RDWR , fallocate w 0 0 1048576 , =1048576 stat "$f" size , \
		open r "$f" O_RDONLY , =1048576 lseek r SEEK_END 0 , \
		=Y23 pread r 0 3
	# Another's write drops set-id bits that came while it was open.
	chmod 666 "$f"
	fsop open w "$f" O_RDWR , chmod "$f" 06777 , pwrite w 0 root , \
		=6777 stat "$f" mode , user 1000 1000 , pwrite w 0 user , \
		=0777 stat "$f" mode
	fsop open d "$f" 'O_RDWR|O_DIRECT' , pwrite d 4096 'D*4096' , \
		open r "$f" O_RDONLY , =DDD pread r 4096 3
done
