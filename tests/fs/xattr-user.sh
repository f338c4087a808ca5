# SPDX-License-Identifier: Apache-2.0
# user.* attributes: set, replace, remove, list, sizes, flags.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

fsop setxattr "$MNT/file" user.a one , =one getxattr "$MNT/file" user.a , \
	setxattr "$MNT/file" user.a two , =two getxattr "$MNT/file" user.a , \
	=3 getxattr "$MNT/file" user.a 0 , \
	'!ERANGE' getxattr "$MNT/file" user.a 2 , \
	'!EEXIST' setxattr "$MNT/file" user.a x XATTR_CREATE , \
	'!ENODATA' setxattr "$MNT/file" user.b x XATTR_REPLACE , \
	setxattr "$MNT/file" user.b x XATTR_CREATE , \
	"=user.a user.b" listxattr "$MNT/file"
fsop =blue getxattr "$MNT/attrs" user.color , \
	setxattr "$MNT/attrs" user.size 'x*2000' , \
	=2000 getxattr "$MNT/attrs" user.size 0 , \
	"=trusted.shape user.color user.size" listxattr "$MNT/attrs" , \
	removexattr "$MNT/attrs" user.color , \
	'!ENODATA' getxattr "$MNT/attrs" user.color , \
	'!ENODATA' removexattr "$MNT/attrs" user.color
fsop setxattr "$MNT/dir" user.d dir , =dir getxattr "$MNT/dir" user.d
fsop setxattr "$MNT/empty" user.none "" , =0 getxattr "$MNT/empty" user.none 0
t_errno EPERM setxattr "$MNT/link" user.l x
t_errno EPERM setxattr "$MNT/fifo" user.l x
t_errno EOPNOTSUPP setxattr "$MNT/file" nosuch.name x
t_errno 'EOPNOTSUPP|EINVAL' setxattr "$MNT/file" user. x
fsop user 1000 1000 , '!EACCES' setxattr "$MNT/file" user.c x
remount_fs
fsop "=user.a user.b" listxattr "$MNT/file" , =two getxattr "$MNT/file" user.a , \
	"=trusted.shape user.size" listxattr "$MNT/attrs" , \
	=dir getxattr "$MNT/dir" user.d , =0 getxattr "$MNT/empty" user.none 0
t_eq "template file" "$(cat "$MNT/file")" "content after setxattr"
