# SPDX-License-Identifier: Apache-2.0
# Hard links are renamed, over each other and over others.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

steps()
{
	cd "$1"
	mv hl1 renamed
	mv dir/hl3 etc/hl3
	echo by >renamed
	mv file hl2		# replaces one of the names
	fsop rename etc/hl3 dir/a RENAME_EXCHANGE
	cd "$T"
}
same_as_plain steps
fsop =2 stat "$MNT/renamed" nlink
t_eq by "$(cat "$MNT/dir/a")" "content by the other name"
