# SPDX-License-Identifier: Apache-2.0
# chmod changes the mask of a list, and the list's mask shows in the mode.
. "${0%/*}/../lib.sh"
begin
t_need setfacl getfacl
make_lower
setfacl -m u:1000:rwx "$LOWER/file"
mount_fs

fsop =0674 stat "$MNT/file" mode
chmod 640 "$MNT/file"
check()
{
	t_eq "user::rw- user:1000:rwx #effective:r-- group::r-- mask::r-- other::---" \
		"$(echo $(getfacl -cpn "$MNT/file"))" "list after chmod 640"
	fsop =0640 stat "$MNT/file" mode
}
check
remount_fs
check
fsop user 1000 1000 , open r "$MNT/file" O_RDONLY , '!EACCES' open w "$MNT/file" O_RDWR
setfacl -m m::rwx "$MNT/file"
fsop =0670 stat "$MNT/file" mode
fsop user 1000 1000 , open w "$MNT/file" O_RDWR
