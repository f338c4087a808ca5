# SPDX-License-Identifier: Apache-2.0
# A renamed directory inside a renamed directory, in the other order, and once
# more after a remount.
. "${0%/*}/../lib.sh"
begin
make_lower
mkdir -p "$LOWER/a/b/c/d"
for f in a/1 a/b/2 a/b/c/3 a/b/c/d/4; do
	echo "$f" >"$LOWER/$f"
done
mount_fs

steps1()
{
	cd "$1"
	fsop rename a/b/c a/b/C
	fsop rename a/b a/B
	fsop rename a A
	cd "$T"
}
same_as_plain steps1
steps2()
{
	cd "$1"
	fsop rename A/B/C/d A/B/C/D
	fsop rename A/B/C C
	echo more >>C/D/4
	rm C/3
	fsop rename A/B C/B
	fsop rename A C/B/A
	cd "$T"
}
same_as_plain steps2
steps3()
{
	cd "$1"
	fsop rename C/D D
	fsop rename C/B/A/1 D/1
	rm -r C
	mkdir C
	cd "$T"
}
same_as_plain steps3
t_eq "a/b/c/d/4
more" "$(cat "$MNT/D/4")" "content after all"
