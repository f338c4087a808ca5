# SPDX-License-Identifier: Apache-2.0
# Everything about the copy but the change is as in the template.
. "${0%/*}/../lib.sh"
begin
t_need setfacl
make_lower
setfacl -m u:1000:r "$LOWER/dir/b"
mount_fs

facts()
{
	(
		cd "$1"
		find . ! -type d -printf '%P %y %#m %U %G %n %s %T@ %l\n' |
			sort
		find . ! -type d -print0 | sort -z |
			xargs -0r getfattr -h -d -m - -e hex
		find . -type f -print0 | sort -z | xargs -0r sha1sum
	)
}
facts "$MNT" >before
# Opening for writing and a change that changes nothing.
find "$MNT" -type f ! -name suid | while read -r f; do
	fsop open w "$f" O_RDWR , close w , \
		chown "$f" -1 -1 , utimes "$f" omit omit
	fsop open a "$f" 'O_WRONLY|O_APPEND' , write a "" , close a
done
facts "$MNT" >after
diff -u before after || t_fail "breaking changed what it should not"
remount_fs
facts "$MNT" >after
diff -u before after || t_fail "a remount shows something else"
