# SPDX-License-Identifier: Apache-2.0
# What the kernel knows it does not ask for: repeated stat, failing stat,
# readlink and listing send no request.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs
requests_begin

look()
{
	fsop stat "$MNT/file" ino , stat "$MNT/dir/sub/deep/x" ino , \
		stat "$MNT/usr/lib/data" ino , stat "$MNT/dir" ino >/dev/null
}
look_in_vain()
{
	fsop '!ENOENT' stat "$MNT/absent" , \
		'!ENOENT' stat "$MNT/dir/absent/too" , \
		'!ENOENT' open f "$MNT/usr/absent" O_RDONLY
}
look
look_in_vain
fsop =file readlink "$MNT/link"
requests_reset
look
t_eq "" "$(requests)" "requests of repeated stat"
look_in_vain
t_eq "" "$(requests)" "requests of repeated failing stat"
fsop =file readlink "$MNT/link"
t_eq "" "$(requests)" "requests of a repeated readlink"
# The first listing makes the kernel doubt atime, which the second asks for.
ls -U "$MNT/dir" "$MNT/usr" >/dev/null
ls -U "$MNT/dir" "$MNT/usr" >/dev/null
requests_reset
ls -U "$MNT/dir" "$MNT/usr" >/dev/null
t_eq "" "$(requests)" "requests of a repeated listing"
# A listing brought the attributes, too.
remount_fs
requests_end
requests_begin
ls -U "$MNT/dir" >/dev/null
requests_reset
fsop stat "$MNT/dir/a" ino , stat "$MNT/dir/b" ino >/dev/null
t_eq "" "$(requests | sort -u)" "requests of stat after a listing"
# The kernel knows what it changed itself.
fsop open f "$MNT/dir/new" 'O_CREAT|O_WRONLY'
mkdir "$MNT/dir/newdir"
# The directory's own attributes it asks for: their times have changed.
fsop =d stat "$MNT/dir" type
requests_reset
fsop =f stat "$MNT/dir/new" type , =d stat "$MNT/dir/newdir" type
t_eq "" "$(requests | sort -u)" "requests of stat after create"
requests_end
