# SPDX-License-Identifier: Apache-2.0
# chattr and lsattr, where the private area has flags.
. "${0%/*}/../lib.sh"
begin
t_need chattr lsattr
make_lower
mount_fs

flags()
{
	lsattr -d "$1" | cut -d' ' -f1 | tr -d -- '-e'
}
t_eq "" "$(flags "$MNT/file")" "flags of a template's file"
t_eq "" "$(flags "$MNT/dir")" "flags of a template's directory"
chattr +i "$MNT/file"
t_eq i "$(flags "$MNT/file")" "flags after chattr +i"
t_errno EPERM open w "$MNT/file" O_WRONLY
t_errno EPERM unlink "$MNT/file"
t_errno EPERM chmod "$MNT/file" 0600
t_errno EPERM rename "$MNT/file" "$MNT/x"
chattr +a "$MNT/dir/a"
t_eq a "$(flags "$MNT/dir/a")" "flags after chattr +a"
t_errno EPERM open w "$MNT/dir/a" O_WRONLY
fsop open a "$MNT/dir/a" 'O_WRONLY|O_APPEND' , write a more
echo new >"$MNT/new"
chattr +d "$MNT/new"
t_eq d "$(flags "$MNT/new")" "flags of a new file"
remount_fs
t_eq i "$(flags "$MNT/file")" "flags after a remount"
t_errno EPERM open w "$MNT/file" O_WRONLY
t_eq d "$(flags "$MNT/new")" "flags of a new file after a remount"
t_eq "a
more" "$(cat "$MNT/dir/a")" "content after a remount"
chattr -i "$MNT/file"
chattr -a "$MNT/dir/a"
echo x >"$MNT/file"
rm "$MNT/dir/a"
