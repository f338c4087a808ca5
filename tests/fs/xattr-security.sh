# SPDX-License-Identifier: Apache-2.0
# security.* attributes and file capabilities.
. "${0%/*}/../lib.sh"
begin
t_need setcap getcap
make_lower
setcap cap_net_raw+ep "$LOWER/usr/bin/prog"
mount_fs

t_eq "$MNT/usr/bin/prog cap_net_raw=ep" "$(getcap "$MNT/usr/bin/prog")" \
	"capabilities of the template"
setcap cap_chown+ep "$MNT/file"
fsop setxattr "$MNT/dir/a" security.test abc , \
	=abc getxattr "$MNT/dir/a" security.test
# An attribute change keeps what it does not concern.
fsop setxattr "$MNT/usr/bin/prog" user.x y
remount_fs
t_eq "$MNT/usr/bin/prog cap_net_raw=ep" "$(getcap "$MNT/usr/bin/prog")" \
	"capabilities after a break by setxattr"
t_eq "$MNT/file cap_chown=ep" "$(getcap "$MNT/file")" "capabilities set here"
fsop =abc getxattr "$MNT/dir/a" security.test
fsop user 1000 1000 , '!EPERM' setxattr "$MNT/dir/b" security.test x
