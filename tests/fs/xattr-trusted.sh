# SPDX-License-Identifier: Apache-2.0
# trusted.* is for root alone, and survives breaks.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

fsop =round getxattr "$MNT/attrs" trusted.shape , \
	setxattr "$MNT/attrs" trusted.shape square , \
	setxattr "$MNT/file" trusted.new x , setxattr "$MNT/link" trusted.l y , \
	"=trusted.l" listxattr "$MNT/link"
fsop user 1000 1000 , '!ENODATA|EPERM' getxattr "$MNT/attrs" trusted.shape , \
	"=user.color" listxattr "$MNT/attrs" , \
	'!EPERM' setxattr "$MNT/attrs" trusted.shape z
remount_fs
fsop =square getxattr "$MNT/attrs" trusted.shape , \
	=x getxattr "$MNT/file" trusted.new , =y getxattr "$MNT/link" trusted.l , \
	=file readlink "$MNT/link"
