# SPDX-License-Identifier: Apache-2.0
# flock(2) between descriptors of one container, across a break.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

for f in file usr/lib/data dir; do
	fsop open a "$MNT/$f" O_RDONLY , open b "$MNT/$f" O_RDONLY , \
		flock a LOCK_SH , flock b 'LOCK_SH|LOCK_NB' , \
		'!EAGAIN' flock a 'LOCK_EX|LOCK_NB' , flock b LOCK_UN , \
		flock a 'LOCK_EX|LOCK_NB' , '!EAGAIN' flock b 'LOCK_SH|LOCK_NB' , \
		close a , flock b 'LOCK_EX|LOCK_NB'
done
# A lock taken before the break holds after it.
fsop open a "$MNT/file" O_RDONLY , flock a LOCK_EX , \
	open w "$MNT/file" O_RDWR , pwrite w 0 X , \
	open b "$MNT/file" O_RDONLY , '!EAGAIN' flock b 'LOCK_EX|LOCK_NB' , \
	'!EAGAIN' flock w 'LOCK_EX|LOCK_NB' , close a , flock b 'LOCK_EX|LOCK_NB'
