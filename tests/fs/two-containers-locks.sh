# SPDX-License-Identifier: Apache-2.0
# Locks are a container's own.
. "${0%/*}/../lib.sh"
begin
t_not_on plain "its two mounts are two copies"
make_lower
mount_fs
mount_second

other="$BUILD/tests/fs/fsop"
for f in file usr/lib/data; do
	fsop open a "$MNT/$f" O_RDONLY , flock a LOCK_EX , \
		open b "$MNT2/$f" O_RDONLY , flock b 'LOCK_EX|LOCK_NB' , \
		open c "$MNT/$f" O_RDONLY , \
		'!EAGAIN' flock c 'LOCK_EX|LOCK_NB'
	fsop open a "$MNT/$f" O_RDWR , setlk a F_WRLCK 0 10 , \
		sh "$other open b '$MNT2/$f' O_RDWR , setlk b F_WRLCK 0 10" , \
		sh "$other open b '$MNT/$f' O_RDWR , '!EAGAIN|EACCES' setlk b F_WRLCK 0 10"
done
