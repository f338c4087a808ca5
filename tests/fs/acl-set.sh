# SPDX-License-Identifier: Apache-2.0
# Access lists: set, used by the kernel's checks, removed; they break.
. "${0%/*}/../lib.sh"
begin
t_need setfacl getfacl
make_lower
setfacl -m u:1000:r "$LOWER/secret"
mount_fs

fsop user 1000 1000 , open r "$MNT/secret" O_RDONLY , '!EACCES' open w "$MNT/secret" O_RDWR
fsop user 1004 1004 , '!EACCES' open r "$MNT/secret" O_RDONLY
setfacl -m u:1004:rw "$MNT/secret"
fsop user 1004 1004 , open r "$MNT/secret" O_RDWR
setfacl -m u:1000:rwx "$MNT/file"
chmod 640 "$MNT/usr/lib/data"
setfacl -m g:1005:r "$MNT/usr/lib/data"
check()
{
	t_eq "user::rw- user:1000:rwx group::r-- mask::rwx other::r--" \
		"$(echo $(getfacl -cpn "$MNT/file"))" "ACL of file"
	t_eq "user::rw- user:1000:r-- user:1004:rw- group::--- mask::rw- other::---" \
		"$(echo $(getfacl -cpn "$MNT/secret"))" "ACL of secret"
	fsop =0674 stat "$MNT/file" mode , =0640 stat "$MNT/usr/lib/data" mode
	fsop user 9 1005 , open r "$MNT/usr/lib/data" O_RDONLY
	fsop user 9 1006 , '!EACCES' open r "$MNT/usr/lib/data" O_RDONLY
}
check
remount_fs
check
t_eq "template file" "$(cat "$MNT/file")" "content after setfacl"
setfacl -b "$MNT/file"
t_eq "user::rw- group::r-- other::r--" "$(echo $(getfacl -cpn "$MNT/file"))" \
	"ACL after setfacl -b"
fsop =0644 stat "$MNT/file" mode , = listxattr "$MNT/file"
t_errno EINVAL setxattr "$MNT/big" system.posix_acl_access x
if setpriv --reuid 1000 --regid 1000 --clear-groups \
	setfacl -m u:1000:rw "$MNT/big" 2>/dev/null; then
	t_fail "a stranger may set an ACL"
fi
