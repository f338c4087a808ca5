# SPDX-License-Identifier: Apache-2.0
# Sockets: bound, connected to, kept, removed.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

cd "$MNT"	# socket names are short
fsop unix dir/socket , =s stat dir/socket type
t_errno EADDRINUSE unix dir/socket
fsop mknod dir/node s 0600 , "=s 0600" stat dir/node type,mode
t_errno ENXIO open f dir/socket O_RDONLY
mv dir/socket moved
cd "$T"
remount_fs
fsop =s stat "$MNT/moved" type , "=s 0600" stat "$MNT/dir/node" type,mode
rm "$MNT/moved" "$MNT/dir/node"
