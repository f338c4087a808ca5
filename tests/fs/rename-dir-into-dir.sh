# SPDX-License-Identifier: Apache-2.0
# Directories of the template are renamed into one another.
. "${0%/*}/../lib.sh"
begin
make_lower
mkdir -p "$LOWER/one/two/three" "$LOWER/four/five"
echo 1 >"$LOWER/one/f1"
echo 2 >"$LOWER/one/two/f2"
echo 3 >"$LOWER/one/two/three/f3"
echo 5 >"$LOWER/four/five/f5"
mount_fs

steps()
{
	cd "$1"
	fsop rename one four/one
	fsop rename four/one/two four/five/two
	fsop rename four/five/two/three three
	fsop rename four three/four
	fsop rename three/four/five five
	mkdir new
	fsop rename three new/three
	fsop rename five new/three/four/one/five
	cd "$T"
}
same_as_plain steps
t_eq 2 "$(cat "$MNT/new/three/four/one/five/two/f2")" "content deep inside"
