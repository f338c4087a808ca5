# SPDX-License-Identifier: Apache-2.0
# Names of 255 bytes work everywhere.
. "${0%/*}/../lib.sh"
begin
make_lower
name=$(printf 'n%.0s' {1..255})
other=$(printf 'o%.0s' {1..255})
third=$(printf '\303\244%.0s' {1..127})x
echo lower >"$LOWER/$name"
mkdir -p "$LOWER/dir/$name/sub"
echo x >"$LOWER/dir/$name/sub/x"
mount_fs

steps()
{
	cd "$1"
	echo more >>"$name"
	mkdir "$third"
	mv "$name" "$third/$other"
	ln -s x "$other"
	mv "dir/$name" "dir/$other"
	chmod 700 "dir/$other/sub"
	mv "dir/$other" "$third/$name"
	ln file "$name"
	rm -r "$third/$name/sub"
	mknod "$third/$third" p
	cd "$T"
}
same_as_plain steps
fsop setxattr "$MNT/$other" trusted.x y
