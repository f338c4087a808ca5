# SPDX-License-Identifier: Apache-2.0
# A rename replaces: what was there is gone for good, the template's too.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs

steps()
{
	cd "$1"
	echo new >new
	mv -f new file		# new over the template's
	mv -f dir/a dir/b	# the template's over the template's
	mv -f dir/c "$1/big"	# in another directory
	mkdir made
	fsop rename dir/sub/deep made	# a directory over a new empty one
	fsop rename usr/lib emptydir	# over an empty one of the template
	mv -f link empty	# a link over a file
	mv -f null fifo
	cd "$T"
}
same_as_plain steps
t_eq new "$(cat "$MNT/file")" "content of what was renamed over file"
t_eq x "$(cat "$MNT/made/x")" "content of the directory renamed over made"
