# SPDX-License-Identifier: Apache-2.0
# POSIX and open-file-description locks, also across a break.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

other="$BUILD/tests/fs/fsop"
fsop open a "$MNT/dir/a" O_RDWR , setlk a F_WRLCK 10 10 , \
	sh "$other open b '$MNT/dir/a' O_RDWR , =F_WRLCK getlk b F_RDLCK 15 1 , =F_UNLCK getlk b F_WRLCK 20 5 , '!EAGAIN|EACCES' setlk b F_RDLCK 0 0 , setlk b F_WRLCK 0 10" , \
	setlk a F_UNLCK 0 0 , \
	sh "$other open b '$MNT/dir/a' O_RDWR , setlk b F_WRLCK 0 0"
fsop open a "$MNT/dir/b" O_RDWR , ofdsetlk a F_WRLCK 0 0 , \
	open b "$MNT/dir/b" O_RDWR , '!EAGAIN' ofdsetlk b F_WRLCK 0 0 , \
	close a , ofdsetlk b F_WRLCK 0 0
# A read lock taken on the template's file counts after the break.
fsop open a "$MNT/file" O_RDONLY , setlk a F_RDLCK 0 0 , \
	sh "$other open w '$MNT/file' O_RDWR , pwrite w 0 X , '!EAGAIN|EACCES' setlk w F_WRLCK 0 0"
