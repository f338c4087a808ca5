# SPDX-License-Identifier: Apache-2.0
# A directory goes to another name and back, and its parent too.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

steps()
{
	cd "$1"
	fsop rename dir x
	rm x/a
	fsop rename x dir
	fsop rename dir/sub y
	fsop rename y dir/sub
	fsop rename usr z
	mkdir usr
	echo in >usr/new
	fsop rename usr z/inner
	fsop rename z usr
	cd "$T"
}
same_as_plain steps
t_eq in "$(cat "$MNT/usr/inner/new")" "content of what was moved inside"
t_eq "usr data" "$(cat "$MNT/usr/lib/data")" "content that came back"
