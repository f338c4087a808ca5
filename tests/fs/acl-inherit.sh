# SPDX-License-Identifier: Apache-2.0
# New files and directories get what the directory's default list says,
# whether the directory is the template's, broken or new.
. "${0%/*}/../lib.sh"
begin
t_need setfacl getfacl
make_lower
setfacl -d -m u:1000:rwx,g::rx,o::- "$LOWER/dir"
mount_fs

umask 077
check()
{
	local d=$1 how=$2

	echo x >"$d/new$how"
	mkdir "$d/newdir$how"
	mkfifo "$d/newfifo$how"
	ln -s x "$d/newlink$how"
	t_eq "user::rw- user:1000:rwx #effective:rw- group::r-x #effective:r-- mask::rw- other::---" \
		"$(echo $(getfacl -cpn "$d/new$how"))" "file, $how"
	t_eq "user::rwx user:1000:rwx group::r-x mask::rwx other::--- default:user::rwx default:user:1000:rwx default:group::r-x default:mask::rwx default:other::---" \
		"$(echo $(getfacl -cpn "$d/newdir$how"))" "directory, $how"
	fsop =0660 stat "$d/newfifo$how" mode
}
check "$MNT/dir" template
check "$MNT/dir" broken
check "$MNT/dir/newdirbroken" new
remount_fs
check "$MNT/dir" remounted
setfacl -d -m u:1000:rwx,g::rx,o::- "$MNT/emptydir"
check "$MNT/emptydir" set
fsop open t "$MNT/emptydir" 'O_TMPFILE|O_RDWR' 0666 , =0660 fstat t mode
setfacl -k "$MNT/dir"
echo x >"$MNT/dir/plain"
fsop =0600 stat "$MNT/dir/plain" mode
