# SPDX-License-Identifier: Apache-2.0
# Directories nested beyond PATH_MAX: made, found, broken, renamed, removed.
. "${0%/*}/../lib.sh"
begin
t_not_on plain "cp cannot copy paths of such a length"
in_mode template && t_skip "mkstencil takes paths up to PATH_MAX"
make_lower
name=$(printf 'd%.0s' {1..200})
fsop chdir "$LOWER" , deep make "$name" 40 , open f bottom 'O_CREAT|O_WRONLY' , \
	write f template
mount_fs

check()
{
	fsop chdir "$MNT" , deep enter "$name" 40 , open f bottom O_RDONLY , \
		"=$1" pread f 0 20 , "=$2" stat bottom mode , "=$3" stat . mode
}
check template 0644 0755
fsop chdir "$MNT" , deep enter "$name" 40 , chmod bottom 0600 , chmod . 0700
check template 0600 0700
fsop chdir "$MNT" , deep enter "$name" 40 , open f bottom O_WRONLY , \
	pwrite f 0 changed! , mkdir new , open n new/n 'O_CREAT|O_WRONLY'
check changed! 0600 0700
remount_fs
check changed! 0600 0700
fsop chdir "$MNT" , deep enter "$name" 40 , =f stat new/n type , \
	rename bottom renamed , rename new "$name"
# New directories, as deep.
fsop mkdir "$MNT/mine" , chdir "$MNT/mine" , deep make "$name" 40 , \
	open f f 'O_CREAT|O_WRONLY' , write f mine
remount_fs
fsop chdir "$MNT" , deep enter "$name" 41 , =f stat n type , stat ../renamed
fsop chdir "$MNT/mine" , deep enter "$name" 40 , open f f O_RDONLY , =mine read f 9
rm -r "$MNT/mine" "$MNT/$name"
remount_fs
t_errno ENOENT stat "$MNT/$name"
