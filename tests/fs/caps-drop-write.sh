# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# File capabilities go with a write, a truncate and a chown, even by root.  (Not by a
# mapping: ext4 keeps them then, and FUSE drops them.)
. "${0%/*}/../lib.sh"
begin
t_need setcap getcap
make_lower
for op in write trunc chown chmod setxattr; do
	echo x >"$LOWER/dir/$op"
	setcap cap_net_raw+ep "$LOWER/dir/$op"
done
mount_fs

steps()
{
	local d=$1/dir

	fsop open w "$d/write" O_WRONLY , write w X
	fsop truncate "$d/trunc" 0
	fsop chown "$d/chown" 5 5
	fsop chmod "$d/chmod" 0700
	fsop setxattr "$d/setxattr" user.x y
	# Set on what is private, and dropped there.
	echo x >"$d/new"
	setcap cap_chown+ep "$d/new"
	cp -a "$d/new" "$d/new2"
	setcap cap_chown+ep "$d/new2"
	fsop open w "$d/new2" O_WRONLY , write w X
}
same_as_plain steps
t_errno ENODATA getxattr "$MNT/dir/write" security.capability
t_errno ENODATA getxattr "$MNT/dir/new2" security.capability
t_eq "$MNT/dir/chmod cap_net_raw=ep" "$(getcap "$MNT/dir/chmod")" \
	"capabilities after chmod"
