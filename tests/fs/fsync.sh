# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# fsync, fdatasync and syncfs on files and directories of every state.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

for f in file usr/lib/data dir; do
	fsop open r "$MNT/$f" O_RDONLY , fsync r , fdatasync r , syncfs r
done
fsop open w "$MNT/file" O_RDWR , write w X , fsync w , fdatasync w , syncfs w
fsop open n "$MNT/dir/new" 'O_CREAT|O_RDWR' , write n X , fsync n , \
	open d "$MNT/dir" O_RDONLY , fsync d , unlink "$MNT/dir/new" , fsync n
fsop open s "$MNT/dir/a" 'O_RDWR|O_SYNC' , write s X
fsop open p "$MNT/file" O_PATH , '!EBADF' fsync p
# What was synced survives kill -9.
fsop open w "$MNT/usr/lib/data" O_WRONLY , pwrite w 0 synced , fsync w
kill_and_remount_fs
t_eq synced "$(head -c 6 "$MNT/usr/lib/data")" "content after kill -9"
t_eq X "$(head -c 1 "$MNT/file")" "content after kill -9"
