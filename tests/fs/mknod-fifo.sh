# SPDX-License-Identifier: Apache-2.0
# Fifos: of the template and new ones carry data.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

mkfifo -m 600 "$MNT/dir/new"
for f in fifo dir/new; do
	echo "through $f" >"$MNT/$f" &
	t_eq "through $f" "$(cat "$MNT/$f")" "what came out"
	wait
done
fsop "=p 0600" stat "$MNT/dir/new" type,mode
t_errno EEXIST mknod "$MNT/fifo" p 0600
remount_fs
fsop "=p 0600 1" stat "$MNT/dir/new" type,mode,nlink
